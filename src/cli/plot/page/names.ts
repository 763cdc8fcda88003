import type { ChartFile, ChartStream } from '../chart-data.js';

/** A file with the name by which the page calls it: no two files have the same. */
export interface NamedFile extends ChartFile {
  readonly label: string;
}

/** Numbers files with equal names. */
export function nameFiles(files: readonly ChartFile[]): NamedFile[] {
  const seen = new Map<string, number>();
  return files.map((file) => {
    const count = (seen.get(file.name) ?? 0) + 1;
    seen.set(file.name, count);
    return { ...file, label: count === 1 ? file.name : `${file.name} (${count})` };
  });
}

/** One direction of one file. It has the same colour in all charts. */
export interface Curve {
  readonly label: string;
  readonly index: number;
  readonly file: NamedFile;
  readonly stream: ChartStream;
}

/** The curves of files. A direction is named only where it tells curves apart. */
export function curvesOf(files: readonly NamedFile[]): Curve[] {
  const streams = files.flatMap((file) =>
    file.streams.filter(({ seconds }) => seconds.length > 0).map((stream) => ({ file, stream })),
  );
  return streams.map(({ file, stream }, index) => {
    const direction = stream.direction.toUpperCase();
    const label =
      files.length === 1
        ? direction
        : file.streams.length === 1
          ? file.label
          : `${file.label} ${direction}`;
    return { label, index, file, stream };
  });
}
