const LIBRARY = new URL('../../dist/index.js', import.meta.url).href;

/**
 * The environment in which a script changes the virtual bus before usbxfer starts. The script can use
 * `VirtualBackend`, `SimulatedDevice` and `UsbError`, because the library and the command line share
 * these classes.
 */
export function planted(script: string): NodeJS.ProcessEnv {
  const module = `
    import { VirtualBackend, UsbError } from '${LIBRARY}';
    const backend = new VirtualBackend();
    const [info] = await backend.list();
    const device = await backend.open(info);
    await device.close();
    const SimulatedDevice = device.constructor;
    ${script}`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(module)}` };
}
