/** Font files come as their bytes: esbuild puts them into the program. */
declare module "*.woff" {
  const bytes: Uint8Array;
  // eslint-disable-next-line no-restricted-exports -- esbuild exports a file's bytes so
  export default bytes;
}
