const DIST = new URL('../../dist/', import.meta.url).href;

/**
 * The environment in which usbxfer's virtual bus does as a script says that runs first. The script
 * has `VirtualBackend`, `VirtualDevice` and `UsbError`.
 */
export function planted(script: string): NodeJS.ProcessEnv {
  const module = `
    import { VirtualBackend } from '${DIST}backends/virtual/backend.js';
    import { VirtualDevice } from '${DIST}backends/virtual/handle/device.js';
    import { UsbError } from '${DIST}usb/errors.js';
    ${script}`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(module)}` };
}
