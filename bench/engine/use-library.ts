import { open } from '../../src/index.js';
import type { Backend } from '../../src/usb/backend.js';
import type { LibraryPath } from './case.js';

/**
 * Reads with the library and discards the data.
 *
 * @throws Error if fewer bytes arrived
 */
export async function useLibrary(
  path: LibraryPath,
  backend: Backend,
  { depth, size, bytes }: { depth: number; size: number; bytes: number },
): Promise<{ seconds: number; reason: string | undefined }> {
  const device = await open({ vid: 0x1234, pid: 0x5678, backend });
  const options = { bytes, transfers: depth, transferSize: size };
  const stream = path === 'node' ? device.readable(0x82, options) : device.read(0x82, options);
  let received = 0;
  switch (path) {
    case 'borrowed': {
      const borrowed = device.readBorrowed(0x82, options);
      for await (const { data, release } of borrowed) {
        received += data.length;
        release();
      }
      await device.close();
      const { seconds } = borrowed.statistics;
      return { seconds, reason: received === bytes ? borrowed.outcome?.reason : 'short' };
    }
    case 'web':
      for await (const { length } of stream.toWeb()) {
        received += length;
      }
      break;
    default:
      for await (const { length } of stream) {
        received += length;
      }
  }
  await device.close();
  const { statistics, outcome } = stream;
  return { seconds: statistics.seconds, reason: received === bytes ? outcome?.reason : 'short' };
}
