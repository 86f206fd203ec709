/**
 * The map in WebGL2: cells in an R32F texture, colours in a table, looked up in the fragment shader. Which cell a
 * pixel shows comes as two index textures (one per side), so that the Canvas fallback and hit-testing agree with it.
 * Everything is made once; a frame uploads the two index textures and draws one triangle.
 */
import { LOG_DECADES, scaleNames } from "../../shared/colour-scale";
import type { Rgb } from "../../shared/colour-maps";
import type { Renderer } from "../drawing-surface";
import { createProgram, createTexture } from "../gl-program";
import { type CellGrid, type HeatmapFrame, NO_CELL, NO_SCORE } from "./heatmap-renderer";

const vertexSource = `#version 300 es
void main() {
  // One triangle that covers the whole picture.
  vec2 corner = vec2(float((gl_VertexID << 1) & 2), float(gl_VertexID & 2));
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}`;

const fragmentSource = `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2D;
precision highp isampler2D;
uniform sampler2D cells;
uniform sampler2D table;
uniform isampler2D columnOfPixel;
uniform isampler2D rowOfPixel;
uniform int height;
uniform float end;
uniform int scale;
uniform bool isSigned;
uniform vec3 ground;
uniform vec3 hatch;
uniform vec3 flag;
uniform ivec2 stripe;
out vec4 colour;

void main() {
  ivec2 pixel = ivec2(int(gl_FragCoord.x), height - 1 - int(gl_FragCoord.y));
  int column = texelFetch(columnOfPixel, ivec2(pixel.x, 0), 0).r;
  int row = texelFetch(rowOfPixel, ivec2(pixel.y, 0), 0).r;
  if (column < 0 || row < 0) { colour = vec4(ground, 1.0); return; }
  float p = texelFetch(cells, ivec2(column, row), 0).r;
  bool masked = isSigned ? floatBitsToUint(p) == 0xff800000u : p < 0.0 && p > ${NO_CELL.toFixed(1)};
  if (masked) {
    colour = vec4((pixel.x + pixel.y) % stripe.x < stripe.y ? hatch : ground, 1.0);
    return;
  }
  // The exponent's bits, as compilers may assume that isnan() is false.
  if ((floatBitsToUint(p) & 0x7f800000u) == 0x7f800000u) {
    int phase = ((pixel.x - pixel.y) % stripe.x + stripe.x) % stripe.x;
    colour = vec4(phase < stripe.y ? flag : ground, 1.0);
    return;
  }
  if (p <= (isSigned ? ${NO_SCORE.toExponential()} : ${NO_CELL.toFixed(1)})) { colour = vec4(ground, 1.0); return; }
  float place = min(1.0, abs(p) / end);
  if (scale == 1) place = sqrt(place);
  if (scale == 2) place = place <= 0.0 ? 0.0 : max(0.0, 1.0 + log(place) / (2.302585093 * ${LOG_DECADES.toFixed(1)}));
  if (isSigned) place = p < 0.0 ? 0.5 - place / 2.0 : 0.5 + place / 2.0;
  colour = texelFetch(table, ivec2(int(floor(place * 255.0 + 0.5)), 0), 0);
}`;

const units = { cells: 0, table: 1, columnOfPixel: 2, rowOfPixel: 3 } as const;

/** A renderer on this canvas, or null where there is no WebGL2. `lost` is called when the context goes away. */
export function createHeatmapGl(canvas: HTMLCanvasElement, lost: () => void): Renderer<HeatmapFrame> | null {
  const gl = canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false, stencil: false });
  if (!gl) return null;
  const onLost = (event: Event): void => {
    event.preventDefault();
    lost();
  };
  canvas.addEventListener("webglcontextlost", onLost);

  const program = createProgram(gl, vertexSource, fragmentSource);
  gl.useProgram(program);
  const at = (name: string): WebGLUniformLocation | null => gl.getUniformLocation(program, name);
  const places = {
    height: at("height"),
    end: at("end"),
    scale: at("scale"),
    isSigned: at("isSigned"),
    ground: at("ground"),
    hatch: at("hatch"),
    flag: at("flag"),
    stripe: at("stripe"),
  };
  const textures = Object.entries(units).map(([name, unit]) => {
    gl.uniform1i(at(name), unit);
    return createTexture(gl, unit);
  });
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);

  const indices = (unit: number, values: Int32Array): void => {
    gl.activeTexture(gl.TEXTURE0 + unit);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32I, values.length, 1, 0, gl.RED_INTEGER, gl.INT, values);
  };
  const colour = (place: WebGLUniformLocation | null, rgb: Rgb): void =>
    gl.uniform3f(place, rgb[0] / 255, rgb[1] / 255, rgb[2] / 255);

  let uploaded: { cells?: CellGrid["cells"]; table?: Uint8Array } = {};
  const upload = ({ grid, table }: HeatmapFrame): void => {
    if (uploaded.cells !== grid.cells) {
      gl.activeTexture(gl.TEXTURE0 + units.cells);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32F, grid.columns, grid.rows, 0, gl.RED, gl.FLOAT, grid.cells);
    }
    if (uploaded.table !== table) {
      gl.activeTexture(gl.TEXTURE0 + units.table);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, table);
    }
    uploaded = { cells: grid.cells, table };
  };

  return {
    draw: (frame) => {
      upload(frame);
      if (canvas.width !== frame.width) canvas.width = frame.width;
      if (canvas.height !== frame.height) canvas.height = frame.height;
      gl.viewport(0, 0, frame.width, frame.height);
      indices(units.columnOfPixel, frame.columnOfPixel);
      indices(units.rowOfPixel, frame.rowOfPixel);
      gl.uniform1i(places.height, frame.height);
      gl.uniform1f(places.end, frame.end);
      gl.uniform1i(places.scale, scaleNames.indexOf(frame.scale));
      gl.uniform1i(places.isSigned, Number(frame.grid.signed));
      colour(places.ground, frame.ground);
      colour(places.hatch, frame.hatch);
      colour(places.flag, frame.flag);
      gl.uniform2i(places.stripe, frame.stripePeriod, frame.stripeWidth);
      gl.drawArrays(gl.TRIANGLES, 0, 3);
    },
    dispose: () => {
      canvas.removeEventListener("webglcontextlost", onLost);
      for (const made of textures) gl.deleteTexture(made);
      gl.deleteProgram(program);
      gl.getExtension("WEBGL_lose_context")?.loseContext();
    },
  };
}
