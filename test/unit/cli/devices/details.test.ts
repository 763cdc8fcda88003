import { expect, it } from 'vitest';
import { activeNode } from '../../../../src/cli/devices/details.js';
import { parseConfigurations, parseDescriptorTree } from '../../../../src/usb/descriptors/tree.js';
import { activeConfiguration } from '../../../../src/usb/model.js';
import { deviceInfo } from '../../../support/device-info.js';
import {
  configuration,
  deviceBytes,
  endpoint,
  interfaceBytes,
} from '../../../support/sysfs-tree.js';

it('takes the first of several configurations with the active value', () => {
  const bytes = deviceBytes(
    { vid: 0x1234, pid: 0x5678 },
    configuration(2),
    configuration(1, interfaceBytes(0, 0, [0xff, 0, 0], endpoint(0x81, 2, 512))),
    configuration(1),
  );
  const configurations = parseConfigurations(bytes.subarray(18));
  const info = deviceInfo({ configurations, configurationValue: 1 });
  const tree = parseDescriptorTree(bytes);
  expect(activeNode(tree, info)).toBe(tree.configurations[1]);
  expect(activeConfiguration(info)).toBe(configurations[1]);
});
