import { expect, it } from 'vitest';
import type { DeviceDetails } from '../../../../src/cli/devices/details.js';
import {
  commandSuggester,
  type EndpointRef,
} from '../../../../src/cli/devices/suggested-command.js';
import type { DeviceInfo } from '../../../../src/usb/model.js';
import { deviceInfo, deviceWith, setting } from '../../../support/device-info.js';

function listed(info: DeviceInfo, driver?: string): DeviceDetails {
  const interfaces = [{ interfaceNumber: 0, driver, nodes: [], name: undefined }];
  return {
    info,
    state: { accessible: true, node: undefined, interfaces },
    known: { vendor: undefined, product: undefined },
    name: '',
    maxSpeed: undefined,
  };
}

const PLACE = { interfaceNumber: 0, alternateSetting: 0, address: 0x81 };
const DEVICE = deviceWith(setting(0, 0, 0x81));

function command(
  info: DeviceInfo,
  place: EndpointRef = PLACE,
  others: DeviceInfo[] = [],
  driver?: string,
) {
  return commandSuggester(listed(info, driver), [info, ...others], { backend: 'libusb' })(place);
}

it('detaches a kernel driver, but not a process that claimed the interface', () => {
  expect(command(DEVICE, PLACE, [], 'cdc_acm')).toMatch(/ --detach$/);
  expect(command(DEVICE, PLACE, [], 'usbfs')).toBe('usbxfer read -d 1234:5678 --ep 0x81');
});

it.each([
  ['0002', '-d 1234:5678 --serial 0001'],
  ['0001', '-d 1234:5678 --path 1-1'],
])('with a device alike whose serial number is %s: %s', (serial, words) => {
  const other = deviceInfo({ path: '1-2', serial });
  expect(command(DEVICE, PLACE, [other])).toBe(`usbxfer read ${words} --ep 0x81`);
});

it('keeps the options of the virtual bus', () => {
  const options = { backend: 'virtual', scenario: 'speed=super, rate=40M' };
  expect(commandSuggester(listed(DEVICE), [DEVICE], options)(PLACE)).toBe(
    "usbxfer read --backend virtual --scenario 'speed=super, rate=40M' -d 1234:5678 --ep 0x81",
  );
});

it('quotes for a shell', () => {
  const quoted = { ...DEVICE, serial: "$(x) 'y'" };
  expect(command(quoted, PLACE, [deviceInfo({ path: '1-2' })])).toContain(
    ` --serial '$(x) '\\''y'\\''' `,
  );
});

it('names the interface and the setting if several have the endpoint', () => {
  const device = deviceWith(
    setting(0, 0, 0x81),
    setting(0, 1, 0x81),
    setting(1, 0, 0x81),
    setting(2, 1, 0x82),
    setting(2, 2, 0x82),
  );
  const at = (interfaceNumber: number, alternateSetting: number, address: number) =>
    command(device, { interfaceNumber, alternateSetting, address })?.replace(/^.* --ep/, '--ep');
  expect(at(0, 0, 0x81)).toBe('--ep 0x81 --interface 0');
  expect(at(0, 1, 0x81)).toBe('--ep 0x81 --interface 0 --alt 1');
  expect(at(1, 0, 0x81)).toBe('--ep 0x81 --interface 1');
  expect(at(2, 2, 0x82)).toBe('--ep 0x82 --interface 2 --alt 2');
});

it('writes to OUT endpoints', () => {
  const interrupt = { address: 0x02, type: 'interrupt', maxPacketSize: 8 } as const;
  const device = deviceWith(setting(0, 0, 0x01), setting(1, 0, 0x01, interrupt));
  const at = (interfaceNumber: number, address: number) =>
    command(device, { interfaceNumber, alternateSetting: 0, address });
  expect(at(0, 0x01)).toBe('usbxfer write -d 1234:5678 --ep 0x01 --interface 0');
  expect(at(1, 0x02)).toBe('usbxfer write -d 1234:5678 --ep 0x02');
});

it('reads from interrupt endpoints, also next to bulk endpoints', () => {
  const interrupt = { address: 0x83, type: 'interrupt', maxPacketSize: 8 } as const;
  const device = deviceWith(setting(0, 0, 0x81, interrupt));
  expect(command(device, { interfaceNumber: 0, alternateSetting: 0, address: 0x83 })).toBe(
    'usbxfer read -d 1234:5678 --ep 0x83',
  );
});

it('selects another configuration, without the drivers of the active one', () => {
  const device = deviceInfo({
    configurations: [
      { value: 1, settings: [setting(0, 0, 0x81)] },
      { value: 2, settings: [setting(0, 0, 0x81), setting(1, 0, 0x81)] },
    ],
  });
  const at = (configuration: number | undefined, interfaceNumber: number, driver?: string) =>
    command(device, { ...PLACE, configuration, interfaceNumber }, [], driver);
  expect(at(undefined, 0)).toBe('usbxfer read -d 1234:5678 --ep 0x81');
  expect(at(2, 1)).toBe('usbxfer read -d 1234:5678 --ep 0x81 --configuration 2 --interface 1');
  expect(at(2, 1, 'cdc_acm')).toMatch(/ --configuration 2 --interface 1 --detach$/);
  expect(at(3, 0)).toBeUndefined();
});

it('does not read from a hub', () => {
  const interrupt = { address: 0x81, type: 'interrupt', maxPacketSize: 8 } as const;
  const hub = { ...deviceWith(setting(0, 0, interrupt)), deviceClass: 9 };
  expect(command(hub)).toBeUndefined();
});

it('is undefined if no command can use the endpoint', () => {
  const empty = { address: 0x81, type: 'bulk', maxPacketSize: 0 } as const;
  expect(command(deviceWith(setting(0, 0, empty)))).toBeUndefined();
  const isochronous = { address: 0x01, type: 'isochronous', maxPacketSize: 512 } as const;
  expect(
    command(deviceWith(setting(0, 0, isochronous)), { ...PLACE, address: 0x01 }),
  ).toBeUndefined();
  expect(command({ ...DEVICE, configurationValue: undefined })).toBeUndefined();
});
