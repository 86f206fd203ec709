/** Entry of the webview: registers elements, connects to the host and puts the application into the page. */
import "./page-policy";
import { AppElement } from "./app/app-element";
import { vsCodeHost } from "./host";
import { applyPageStyles } from "./page-styles";
import { Session } from "./session";
import { registerToolkit } from "./toolkit";

registerToolkit();
applyPageStyles();

const host = vsCodeHost();
window.addEventListener("error", (event) => host.failed(event.message));
window.addEventListener("unhandledrejection", (event) => host.failed(String(event.reason)));

const session = new Session(host);
const app = new AppElement();
app.session = session;
document.body.append(app);
session.start().catch((error: unknown) => host.failed(String(error)));
