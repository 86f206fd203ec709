/* global require, exports */
/* eslint-disable @typescript-eslint/no-require-imports -- VS Code loads it as CommonJS */
// Stands in for VS Code's native log writer (@vscode/spdlog), which npm carries as C++ source only.
// The Output panel reads the files that this writes.
const fs = require("fs");
const path = require("path");

const levels = ["trace", "debug", "info", "warning", "error", "critical"];

class Logger {
  constructor(_type, _name, file) {
    this.file = file;
    this.level = 2;
    this.plain = false;
  }
  log(level, text) {
    if (level < this.level) return;
    const stamp = new Date().toISOString().replace("T", " ").replace("Z", "");
    const line = this.plain ? text : `${stamp} [${levels[level]}] ${text}\n`;
    try {
      fs.appendFileSync(this.file, line);
    } catch {
      // A log that cannot be written stops nothing.
    }
  }
  getLevel() {
    return this.level;
  }
  setLevel(level) {
    this.level = level;
  }
  clearFormatters() {
    this.plain = true;
  }
  setPattern() {}
  flush() {}
  drop() {}
}
levels.forEach((name, level) => {
  Logger.prototype[name === "warning" ? "warn" : name] = function (text) {
    this.log(level, text);
  };
});

async function create(name, file, ...rest) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  return new Logger("", name, file, ...rest);
}

// One by one, so that `import` sees the names.
exports.version = 0;
exports.setLevel = () => {};
exports.setFlushOn = () => {};
exports.Logger = Logger;
exports.createRotatingLogger = create;
exports.createAsyncRotatingLogger = create;
