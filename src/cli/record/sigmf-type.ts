import { InvalidArgumentError } from 'commander';

/** The type of the samples of a SigMF recording. */
export interface SigmfType {
  /** Its name in the specification: `cu8`, `ci16_le`, `rf32_le`. */
  readonly name: string;
  /** The bytes of one sample. */
  readonly bytes: number;
}

/** Real or complex; float, signed or unsigned; bits; byte order. */
const TYPE = /^([rc])(f32|f64|[iu]32|[iu]16|[iu]8)(_le|_be)?$/;

/**
 * Parses a datatype of the SigMF specification.
 *
 * @throws InvalidArgumentError
 */
export function sigmfType(name: string): SigmfType {
  const [, kind, format = '', order] = TYPE.exec(name) ?? [];
  const bits = Number(format.slice(1));
  if (kind === undefined || bits > 8 !== (order !== undefined)) {
    throw new InvalidArgumentError(
      'give the datatype of SigMF: r or c, then f32, f64, i32, i16, i8, u32, u16 or u8, then _le or ' +
        '_be if it has more than 8 bits, such as cu8, ci16_le or rf32_le',
    );
  }
  return { name, bytes: (bits / 8) * (kind === 'c' ? 2 : 1) };
}
