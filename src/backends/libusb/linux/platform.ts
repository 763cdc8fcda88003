import { UsbError } from '../../../usb/errors.js';
import type { Platform } from '../platform.js';
import { claimError, controlError, inUseError, missingFile, openError } from './access-errors.js';
import { busFingerprint, isPresent, listDevices, readDescriptors } from './devices.js';
import { hasUdev, usbfsMemory } from './environment.js';
import { bindingOf, driverOf, inspect } from './interfaces.js';
import { lossOf } from './loss.js';
import { systemFiles } from './paths.js';

/**
 * Creates the platform for Linux, from sysfs, /proc and the device files.
 *
 * @param root the folder to use as /, for tests
 */
export function linuxPlatform(root?: string): Platform {
  const system = systemFiles(root);
  return {
    list: async () => listDevices(system.devices),
    fingerprint: async () => busFingerprint(system.devices),
    descriptors: async (info) => readDescriptors(info, system.devices),
    loss: (info, _, isClaimLost) => lossOf(info, isClaimLost, system),
    inspect: async (info) => inspect(info, system),
    driverOf: (info, interfaceNumber) => driverOf(info, interfaceNumber, system),
    bindingOf: (info, interfaceNumber) => bindingOf(info, interfaceNumber, system),
    async checkUnused(info) {
      const error = inUseError(info, system);
      if (error !== undefined) {
        throw error;
      }
    },
    transferMemory: async () => usbfsMemory(system),
    async diagnose(devices, open) {
      const { diagnose } = await import('../doctor/diagnose.js');
      return diagnose(devices, system, open);
    },

    checkBeforeOpen(info) {
      const missing = isPresent(info, system.devices) ? missingFile(info, system) : undefined;
      if (missing !== undefined) {
        throw missing;
      }
    },
    presenceOf(info) {
      if (!isPresent(info, system.devices)) {
        return 'gone';
      }
      return hasUdev(system) ? 'reported' : 'unreported';
    },
    unlistedError(info) {
      return isPresent(info, system.devices)
        ? new UsbError(
            'no-device',
            `libusb does not list the device at ${info.path} yet: it was plugged in a moment ago`,
            { remedy: { kind: 'run-again' } },
          )
        : new UsbError('no-device', `the device at ${info.path} is gone`);
    },
    openError: (info, cause) => openError(info, cause, system),
    claimError: (info, interfaceNumber, cause) => claimError(info, interfaceNumber, cause, system),
    controlError: (info, request, own, cause) => controlError(info, request, own, cause, system),
  };
}
