/** Entry of a report: the same application as in the editor, over the maps of its own page. */
import "./page-policy";
import { AppElement } from "./app/app-element";
import { reportElements } from "../shared/report";
import { reportHost } from "./report-host";
import { Session } from "./session";
import { registerToolkit } from "./toolkit";

const systemIsDark = window.matchMedia("(prefers-color-scheme: dark)");
let dark = systemIsDark.matches;

/** The elements read light or dark from the body's class, as VS Code writes it. */
function applyTheme(): void {
  document.documentElement.classList.toggle("dark", dark);
  document.body.className = dark ? "vscode-dark" : "vscode-light";
  const button = document.getElementById(reportElements.theme);
  if (button) button.textContent = dark ? "Light" : "Dark";
}

function showFacts(): void {
  const facts = document.getElementById(reportElements.facts);
  if (facts instanceof HTMLDetailsElement) facts.open = true;
  facts?.scrollIntoView();
}

applyTheme();
systemIsDark.addEventListener("change", (event) => {
  dark = event.matches;
  applyTheme();
});
document.getElementById(reportElements.theme)?.addEventListener("click", () => {
  dark = !dark;
  applyTheme();
});
registerToolkit();
const session = new Session(reportHost(showFacts));
const app = new AppElement();
app.session = session;
document.getElementById(reportElements.view)?.append(app);
session.start().catch((error: unknown) => console.error(error));
