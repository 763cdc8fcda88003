import { type AlternateSetting, directionOf } from '../usb/descriptors.js';
import { className } from '../usb/device-class.js';
import type { InterfaceState } from '../usb/device-state.js';
import { endpointName, hex2 } from './format.js';
import type { ListedDevice } from './listed-device.js';
import { sanitize } from './sanitize.js';

/** The interfaces and endpoints of a device's active configuration, one a line, for a terminal. */
export function interfaceLines({ info, state }: ListedDevice): string[] {
  const active = info.configurations.find(({ value }) => value === info.activeConfiguration);
  if (active === undefined) {
    return ['not configured'];
  }
  return active.settings.flatMap((setting) => {
    const own = state.interfaces.find(
      ({ interfaceNumber }) => interfaceNumber === setting.interfaceNumber,
    );
    return [
      interfaceLine(setting, own),
      ...setting.endpoints.map(
        ({ address, type, maxPacketSize }) =>
          `  endpoint ${endpointName(address)}: ${type} ${directionOf(address).toUpperCase()}, ` +
          `${maxPacketSize} bytes`,
      ),
    ];
  });
}

function interfaceLine(setting: AlternateSetting, state: InterfaceState | undefined): string {
  const { interfaceNumber, alternateSetting } = setting;
  const alternate = alternateSetting === 0 ? '' : ` alt ${alternateSetting}`;
  const codes = [setting.interfaceClass, setting.interfaceSubClass, setting.interfaceProtocol].map(
    hex2,
  );
  const facts = [
    `${className(setting.interfaceClass) ?? 'class'} ${codes.join('/')}`,
    state?.name === undefined ? '' : `"${sanitize(state.name)}"`,
    state?.driver === undefined ? '' : `driver ${sanitize(state.driver)}`,
    ...(state?.nodes ?? []).map((text) => sanitize(text)),
  ];
  return `interface ${interfaceNumber}${alternate}: ${facts.filter((fact) => fact !== '').join(', ')}`;
}
