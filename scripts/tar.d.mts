export function unpackTar(
  stream: AsyncIterable<Buffer>,
  folder: string,
  place?: (name: string) => string | null,
): Promise<number>;
export function unpackTarball(
  file: string,
  folder: string,
  place?: (name: string) => string | null,
): Promise<number>;
