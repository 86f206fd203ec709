/**
 * Thumbnails in WebGL2: all heads in one texture atlas, all boxes in one instanced draw. A pixel takes the largest
 * byte of the cells that it covers, so that maxima survive down to 16 px.
 */
import type { Rgb } from "../../shared/colour-maps";
import type { Thumbnails } from "../../shared/page";
import type { Renderer } from "../drawing-surface";
import { attributeBuffer, createProgram, createTexture } from "../gl-program";
import { bytePlaces, type ThumbnailBox, type ThumbnailFrame } from "./thumbnail-renderer";

const vertexSource = `#version 300 es
in ivec4 box;
in ivec4 cells;
uniform ivec2 size;
flat out ivec4 ownBox;
flat out ivec4 ownCells;
void main() {
  vec2 corner = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1));
  vec2 at = (vec2(box.xy) + corner * vec2(box.zw)) / vec2(size);
  ownBox = box;
  ownCells = cells;
  gl_Position = vec4(at.x * 2.0 - 1.0, 1.0 - at.y * 2.0, 0.0, 1.0);
}`;

const fragmentSource = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2D;
flat in ivec4 ownBox;
flat in ivec4 ownCells;
uniform usampler2D atlas;
uniform usampler2D places;
uniform sampler2D table;
uniform ivec2 size;
uniform vec3 ground;
uniform vec3 hatch;
uniform vec3 flag;
uniform ivec2 stripe;
out vec4 colour;

void main() {
  ivec2 pixel = ivec2(int(gl_FragCoord.x), size.y - 1 - int(gl_FragCoord.y));
  ivec2 at = pixel - ownBox.xy;
  ivec2 first = (at * ownCells.zw) / ownBox.zw;
  ivec2 last = ((at + 1) * ownCells.zw + ownBox.zw - 1) / ownBox.zw;
  last = max(first + 1, min(last, ownCells.zw));
  uint most = 0u;
  for (int y = first.y; y < last.y; y++)
    for (int x = first.x; x < last.x; x++)
      most = max(most, texelFetch(atlas, ownCells.xy + ivec2(x, y), 0).r);
  if (most == 0u) {
    colour = vec4((pixel.x + pixel.y) % stripe.x < stripe.y ? hatch : ground, 1.0);
    return;
  }
  if (most == 255u) {
    int phase = ((pixel.x - pixel.y) % stripe.x + stripe.x) % stripe.x;
    colour = vec4(phase < stripe.y ? flag : ground, 1.0);
    return;
  }
  colour = texelFetch(table, ivec2(int(texelFetch(places, ivec2(int(most), 0), 0).r), 0), 0);
}`;

/** Sides of a slot and of the atlas, in cells; the longest side that thumbnails have. */
const SLOT = 48;
const ATLAS = 2048;
const ACROSS = Math.floor(ATLAS / SLOT);
const SLOTS = ACROSS * ACROSS;
const units = { atlas: 0, places: 1, table: 2 } as const;

/** A renderer on this canvas, or null where there is no WebGL2. `lost` is called when the context goes away. */
export function createThumbnailGl(
  canvas: HTMLCanvasElement,
  lost: () => void,
): Renderer<ThumbnailFrame> | null {
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
  const textures = Object.entries(units).map(([name, unit]) => {
    gl.uniform1i(at(name), unit);
    return createTexture(gl, unit);
  });
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  gl.activeTexture(gl.TEXTURE0 + units.atlas);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8UI, ATLAS, ATLAS, 0, gl.RED_INTEGER, gl.UNSIGNED_BYTE, null);
  const boxes = attributeBuffer(gl, gl.getAttribLocation(program, "box"));
  const cells = attributeBuffer(gl, gl.getAttribLocation(program, "cells"));
  const uniforms = {
    size: at("size"),
    stripe: at("stripe"),
    ground: at("ground"),
    hatch: at("hatch"),
    flag: at("flag"),
  };
  let slots = new Map<Thumbnails, number>();
  let used = 0;
  let table: Uint8Array | null = null;
  let scale: string | null = null;

  const colour = (place: WebGLUniformLocation | null, rgb: Rgb): void =>
    gl.uniform3f(place, rgb[0] / 255, rgb[1] / 255, rgb[2] / 255);

  const corner = (slot: number): [number, number] => [
    (slot % ACROSS) * SLOT,
    Math.floor(slot / ACROSS) * SLOT,
  ];

  /** First slot of a site's heads; they are uploaded once. */
  const slotOf = (thumbnails: Thumbnails): number => {
    const known = slots.get(thumbnails);
    if (known !== undefined) return known;
    const first = used;
    used += thumbnails.heads;
    slots.set(thumbnails, first);
    gl.activeTexture(gl.TEXTURE0 + units.atlas);
    const { rows, columns } = thumbnails;
    for (let head = 0; head < thumbnails.heads; head++) {
      const [x, y] = corner(first + head);
      const bytes = new Uint8Array(thumbnails.cells, head * rows * columns, rows * columns);
      gl.texSubImage2D(gl.TEXTURE_2D, 0, x, y, columns, rows, gl.RED_INTEGER, gl.UNSIGNED_BYTE, bytes);
    }
    return first;
  };

  /** Forget what was uploaded when this picture would not fit beside it. */
  const makeRoom = (wanted: readonly ThumbnailBox[]): void => {
    const fresh = new Set(wanted.map((box) => box.thumbnails).filter((one) => !slots.has(one)));
    const more = [...fresh].reduce((sum, one) => sum + one.heads, 0);
    if (used + more <= SLOTS) return;
    slots = new Map();
    used = 0;
  };

  return {
    draw: (frame) => {
      if (canvas.width !== frame.width) canvas.width = frame.width;
      if (canvas.height !== frame.height) canvas.height = frame.height;
      gl.viewport(0, 0, frame.width, frame.height);
      makeRoom(frame.boxes);
      const boxData = new Int32Array(frame.boxes.length * 4);
      const cellData = new Int32Array(frame.boxes.length * 4);
      frame.boxes.forEach((box, index) => {
        const [x, y] = corner(slotOf(box.thumbnails) + box.head);
        boxData.set([box.x, box.y, box.width, box.height], index * 4);
        cellData.set([x, y, box.thumbnails.columns, box.thumbnails.rows], index * 4);
      });
      boxes(boxData);
      cells(cellData);
      if (table !== frame.table) {
        table = frame.table;
        gl.activeTexture(gl.TEXTURE0 + units.table);
        gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, table);
      }
      if (scale !== frame.scale) {
        scale = frame.scale;
        gl.activeTexture(gl.TEXTURE0 + units.places);
        const places = bytePlaces(frame.scale);
        gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8UI, 256, 1, 0, gl.RED_INTEGER, gl.UNSIGNED_BYTE, places);
      }
      gl.uniform2i(uniforms.size, frame.width, frame.height);
      gl.uniform2i(uniforms.stripe, frame.stripePeriod, frame.stripeWidth);
      colour(uniforms.ground, frame.ground);
      colour(uniforms.hatch, frame.hatch);
      colour(uniforms.flag, frame.flag);
      gl.clearColor(frame.ground[0] / 255, frame.ground[1] / 255, frame.ground[2] / 255, 1);
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, frame.boxes.length);
    },
    dispose: () => {
      canvas.removeEventListener("webglcontextlost", onLost);
      for (const made of textures) gl.deleteTexture(made);
      gl.deleteProgram(program);
      gl.getExtension("WEBGL_lose_context")?.loseContext();
    },
  };
}
