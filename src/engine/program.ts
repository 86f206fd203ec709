/** Files of the program itself. The built engine lies as deep below the package as this file does. */
import path from "node:path";

export const packageFile = path.join(__dirname, "../../package.json");
/** The view as one script, for the page of a report; made by the build. */
export const reportScript = path.join(__dirname, "../webview/report.js");
