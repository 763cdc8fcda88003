const DIST = new URL('../../dist/', import.meta.url).href;

/**
 * The environment in which a script changes the virtual bus before usbxfer starts. The script can use
 * the program's own classes `VirtualBackend`, `SimulatedDevice` and `UsbError`: its chunks export them, under
 * short names.
 */
export function planted(script: string): NodeJS.ProcessEnv {
  const module = `
    const classOf = async (chunk, name) =>
      Object.values(await import('${DIST}' + chunk))
        .flatMap((exported) => [exported, ...Object.values(exported ?? {})]) // a module may be exported as one
        .find((exported) => exported?.name === name);
    const VirtualBackend = await classOf('virtual.js', 'VirtualBackend');
    const UsbError = await classOf('base.js', 'UsbError');
    const backend = new VirtualBackend();
    const [info] = await backend.list();
    const device = await backend.open(info);
    await device.close();
    const SimulatedDevice = device.constructor;
    ${script}`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(module)}` };
}
