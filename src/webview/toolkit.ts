/** The one module that registers toolkit components, so that another library with the same names can replace it. */
import {
  provideVSCodeDesignSystem,
  TextArea,
  TextField,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDataGrid,
  vsCodeDataGridCell,
  vsCodeDataGridRow,
  vsCodeDivider,
  vsCodeDropdown,
  vsCodeLink,
  vsCodeOption,
  vsCodePanels,
  vsCodePanelTab,
  vsCodePanelView,
  vsCodeProgressRing,
  vsCodeRadio,
  vsCodeRadioGroup,
  vsCodeTextArea,
  vsCodeTextField,
} from "@vscode/webview-ui-toolkit";

export function registerToolkit(): void {
  keepName(TextField.prototype);
  keepName(TextArea.prototype);
  provideVSCodeDesignSystem().register(
    vsCodeButton(),
    vsCodeCheckbox(),
    vsCodeDataGrid(),
    vsCodeDataGridCell(),
    vsCodeDataGridRow(),
    vsCodeDivider(),
    vsCodeDropdown(),
    vsCodeLink(),
    vsCodeOption(),
    vsCodePanels(),
    vsCodePanelTab(),
    vsCodePanelView(),
    vsCodeProgressRing(),
    vsCodeRadio(),
    vsCodeRadioGroup(),
    vsCodeTextArea(),
    vsCodeTextField(),
  );
}

/** Fields call themselves "Text field" when they are connected, over the name that they were given. */
function keepName(field: TextField | TextArea): void {
  const connect = field.connectedCallback;
  field.connectedCallback = function (this: HTMLElement): void {
    const name = this.getAttribute("aria-label");
    connect.call(this);
    if (name !== null) this.setAttribute("aria-label", name);
  };
}
