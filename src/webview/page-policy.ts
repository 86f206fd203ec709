/**
 * What the content security policy asks of libraries. Imported first: it acts before their modules run.
 *
 * zod would compile its checks with `new Function`. The toolkit puts one `<style>` into the page to see whether
 * the browser knows `:focus-visible`, and takes its nonce from a `<meta property="csp-nonce">`.
 */
import * as z from "zod";

z.config({ jitless: true });

const nonce = document.querySelector<HTMLScriptElement>("script[nonce]")?.nonce;
if (nonce) {
  const meta = document.createElement("meta");
  meta.setAttribute("property", "csp-nonce");
  meta.content = nonce;
  document.head.append(meta);
}
