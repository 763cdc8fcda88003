const LIBRARY = new URL('../../dist/index.js', import.meta.url).href;

/**
 * The environment in which a script runs before usbxfer, to change the virtual bus. The script has
 * `VirtualBackend`, `VirtualDevice` and `UsbError`: the classes of the library are those of the
 * command line.
 */
export function planted(script: string): NodeJS.ProcessEnv {
  const module = `
    import { createVirtualBackend, UsbError } from '${LIBRARY}';
    const backend = createVirtualBackend();
    const [info] = await backend.list();
    const device = await backend.open(info);
    await device.close();
    const VirtualBackend = backend.constructor;
    const VirtualDevice = device.constructor;
    ${script}`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(module)}` };
}
