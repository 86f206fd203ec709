/** The colours of a report: VS Code's variables with values of our own, and the frame around the views. */

interface Colours {
  readonly foreground: string;
  readonly dim: string;
  readonly disabled: string;
  readonly ground: string;
  readonly line: string;
  readonly control: string;
  readonly controlLine: string;
  readonly accent: string;
  readonly onAccent: string;
  readonly link: string;
  readonly badge: string;
  readonly chosen: string;
  readonly hover: string;
  readonly widget: string;
  readonly widgetLine: string;
  readonly warning: string;
  readonly error: string;
  readonly good: string;
  readonly banner: string;
  readonly scrollbar: string;
}

const light: Colours = {
  foreground: "#1f2328",
  dim: "#59626b",
  disabled: "#8b949e",
  ground: "#ffffff",
  line: "#dfe3e8",
  control: "#ffffff",
  controlLine: "#c4cad1",
  accent: "#005fb8",
  onAccent: "#ffffff",
  link: "#005fb8",
  badge: "#e6e9ed",
  chosen: "#d6e6f5",
  hover: "#eef1f4",
  widget: "#f6f8fa",
  widgetLine: "#c4cad1",
  warning: "#805f00",
  error: "#b32525",
  good: "#2f7d32",
  banner: "#e3edf8",
  scrollbar: "#64646466",
};

const dark: Colours = {
  foreground: "#d0d4d9",
  dim: "#9ba3ad",
  disabled: "#6b7178",
  ground: "#1c1e21",
  line: "#2f3338",
  control: "#2a2d31",
  controlLine: "#42474d",
  accent: "#0078d4",
  onAccent: "#ffffff",
  link: "#58a9f5",
  badge: "#3a3f45",
  chosen: "#0b3f6b",
  hover: "#2a2e33",
  widget: "#212428",
  widgetLine: "#484e55",
  warning: "#d3aa2c",
  error: "#f47067",
  good: "#7fc77f",
  banner: "#10395f",
  scrollbar: "#79797966",
};

function variables(of: Colours): string {
  const values: Record<string, string> = {
    foreground: of.foreground,
    descriptionForeground: of.dim,
    disabledForeground: of.disabled,
    "editor-background": of.ground,
    "editor-foreground": of.foreground,
    "panel-background": of.ground,
    "panel-border": of.line,
    "panelTitle-activeForeground": of.foreground,
    "panelTitle-activeBorder": of.accent,
    "panelTitle-inactiveForeground": of.dim,
    "sideBar-background": of.widget,
    focusBorder: of.accent,
    "textLink-foreground": of.link,
    "textLink-activeForeground": of.link,
    "input-background": of.control,
    "input-foreground": of.foreground,
    "input-border": of.controlLine,
    "input-placeholderForeground": of.dim,
    "dropdown-background": of.control,
    "dropdown-foreground": of.foreground,
    "dropdown-border": of.controlLine,
    "settings-dropdownListBorder": of.controlLine,
    "checkbox-background": of.control,
    "checkbox-foreground": of.foreground,
    "checkbox-border": of.controlLine,
    "button-background": of.accent,
    "button-foreground": of.onAccent,
    "button-hoverBackground": of.accent,
    "button-secondaryBackground": of.badge,
    "button-secondaryForeground": of.foreground,
    "button-secondaryHoverBackground": of.hover,
    "badge-background": of.badge,
    "badge-foreground": of.foreground,
    "list-activeSelectionBackground": of.chosen,
    "list-activeSelectionForeground": of.foreground,
    "list-inactiveSelectionBackground": of.chosen,
    "list-hoverBackground": of.hover,
    "toolbar-hoverBackground": of.hover,
    "menu-background": of.widget,
    "menu-foreground": of.foreground,
    "widget-border": of.widgetLine,
    "editorWidget-background": of.widget,
    "editorHoverWidget-background": of.widget,
    "editorHoverWidget-foreground": of.foreground,
    "editorHoverWidget-border": of.widgetLine,
    "editorWarning-foreground": of.warning,
    "editorError-foreground": of.error,
    "editorInfo-foreground": of.link,
    "charts-green": of.good,
    "charts-red": of.error,
    "charts-blue": of.link,
    "charts-yellow": of.warning,
    "progressBar-background": of.accent,
    "inputValidation-infoBackground": of.banner,
    "banner-background": of.banner,
    "banner-foreground": of.foreground,
    "scrollbarSlider-background": of.scrollbar,
    "scrollbarSlider-hoverBackground": of.scrollbar,
    "scrollbarSlider-activeBackground": of.scrollbar,
  };
  return Object.entries(values)
    .map(([name, value]) => `--vscode-${name}:${value}`)
    .join(";");
}

export const reportStyle = `
:root{--vscode-font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;--vscode-font-size:13px;--vscode-font-weight:normal;--vscode-editor-font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;--vscode-editor-font-size:12px;color-scheme:light;${variables(light)}}
:root.dark{color-scheme:dark;${variables(dark)}}
html,body{height:100%;margin:0}
body{display:flex;flex-direction:column;overflow:hidden;background:var(--vscode-editor-background);color:var(--vscode-foreground);font:13px/1.45 var(--vscode-font-family)}
header{flex:none;max-height:55%;overflow:auto;padding:6px 10px;border-bottom:1px solid var(--vscode-panel-border)}
header .line{display:flex;align-items:baseline;flex-wrap:wrap;gap:2px 12px}
h1{margin:0;font-size:13px;font-weight:600}
h2{margin:12px 0 4px;font-size:12px;font-weight:600}
.dim{color:var(--vscode-descriptionForeground)}
.push{margin-left:auto}
button{font:inherit;font-size:12px;padding:1px 8px;border:1px solid var(--vscode-dropdown-border);border-radius:2px;background:var(--vscode-dropdown-background);color:inherit;cursor:pointer}
button:focus-visible,summary:focus-visible{outline:1px solid var(--vscode-focusBorder);outline-offset:1px}
summary{cursor:pointer}
ul{margin:4px 0;padding-left:18px}
.facts dt{float:left;clear:left;width:90px;color:var(--vscode-descriptionForeground)}
.facts dd{margin:0 0 2px 98px;overflow-wrap:anywhere}
code{font-family:var(--vscode-editor-font-family);font-size:12px}
.left-out{color:var(--vscode-editorWarning-foreground)}
.table{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:12px}
th,td{padding:1px 10px 1px 0;text-align:right;white-space:nowrap;border-bottom:1px solid var(--vscode-panel-border)}
th{font-weight:600}
th:nth-child(-n+3),td:nth-child(-n+3){text-align:left}
#attention-view{flex:1;min-height:0}
noscript{padding:10px}
`;
