import { operationError } from './errors.js';

/**
 * Runs a native operation that answers through a callback.
 *
 * @param doing what fails, to begin a message with: "cannot clear the halt"
 * @throws UsbError
 */
export function call(
  doing: string,
  operation: (done: (error?: Error) => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    try {
      operation((error) => (error ? reject(operationError(doing, error)) : resolve()));
    } catch (error) {
      reject(operationError(doing, error));
    }
  });
}
