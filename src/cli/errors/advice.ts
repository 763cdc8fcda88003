import type { FileRemedy } from '../../engine/io/errors.js';
import { type PassThroughTarget, type Remedy, UsbError } from '../../usb/errors.js';
import { ids } from '../../usb/format.js';
import { udevRuleFile } from '../../usb/udev-rule.js';
import { CliError } from './cli-error.js';

/*
 * The text of each remedy: commands and options. The layers below the command line provide only data.
 */

const PASS_THROUGH: Readonly<Record<PassThroughTarget, string>> = {
  container:
    'in docker run, add -v /dev/bus/usb:/dev/bus/usb --device-cgroup-rule ' +
    "'c 189:* rmw' (189: USB devices)",
  wsl:
    'in Windows, attach the device to WSL: usbipd bind --busid BUSID, usbipd attach --wsl ' +
    '--busid BUSID (usbipd list shows BUSID)',
  machine:
    'in the hypervisor, pass through the device or a USB controller; on real hardware, load the ' +
    'driver of the controller: sudo modprobe xhci_pci',
};

const FILE_ADVICE: Readonly<Record<FileRemedy, string>> = {
  append: 'append to it with --append',
  'choose-another-name': 'choose another name',
  'create-link-target': 'create that file, or name another one',
  'name-file-in-directory': 'name a file in it',
  'name-file-or-device': 'name a file, a FIFO or a device',
  'name-regular-file': 'name a regular file',
  overwrite: 'overwrite it with --force',
  'reserve-nothing': 'omit --preallocate',
};

/** The options for existing files that a command may have. */
export type OverwriteOption = Extract<FileRemedy, 'append' | 'overwrite'>;

/**
 * Advice about a file that cannot be used, in one line; undefined if there is none.
 *
 * @param offered the options for existing files that the command has
 */
export function fileAdvice(
  remedies: readonly FileRemedy[],
  offered: readonly OverwriteOption[] = [],
): string | undefined {
  const lacking = (['append', 'overwrite'] as const).filter((option) => !offered.includes(option));
  const possible = remedies.filter((remedy) => !lacking.some((option) => option === remedy));
  const words = possible.map((remedy) => FILE_ADVICE[remedy]);
  const last = words.pop();
  return words.length === 0 ? last : `${words.join(', ')}, or ${last}`;
}

/** The advice that an error carries, in one line; undefined if it carries none. */
export function adviceOf(error: unknown): string | undefined {
  if (error instanceof CliError) {
    return error.advice;
  }
  return error instanceof UsbError && error.remedy ? adviceFor(error.remedy) : undefined;
}

/** The text of a remedy in one line, for the end of an error message. May contain unsafe characters. */
export function adviceFor(remedy: Remedy): string {
  switch (remedy.kind) {
    case 'add-udev-rule':
      return remedy.isAtSeat
        ? `install a udev rule: usbxfer udev-rule -d ${ids(remedy)}`
        : 'this user is not logged in at the machine, so install a udev rule for one of its groups: ' +
            `usbxfer udev-rule -d ${ids(remedy)} --group GROUP`;
    case 'any-of':
      return remedy.remedies.map(adviceFor).join('; or ');
    case 'choose-endpoint':
      return 'select one with --ep, --interface or --alt';
    case 'choose-endpoint-pair':
      return 'select them with --in, --out, --interface or --alt';
    case 'configure': {
      const folder = `/sys/bus/usb/devices/${remedy.path}`;
      return (
        `allow it in USBGuard or with echo 1 | sudo tee ${folder}/authorized, and configure it: ` +
        `echo ${remedy.configuration} | sudo tee ${folder}/bConfigurationValue`
      );
    }
    case 'debug-libusb':
      return 'set LIBUSB_DEBUG=4 in the environment to make libusb print why';
    case 'detach-at-server':
      return 'start the server with usbxfer serve --detach';
    case 'detach-driver':
      return 'detach it with --detach until the command ends';
    case 'end-import':
      return 'detach it there (usbip detach), or end the other program';
    case 'end-process':
      return endProcess(remedy.pids);
    case 'export-device':
      return (
        `export it there (Linux: sudo usbip bind -b ${remedy.path}; Windows: usbipd bind --busid ` +
        `${remedy.path}); usbxfer list --host HOST shows what is exported`
      );
    case 'install-libudev':
      return 'install libudev (Debian: apt install libudev1)';
    case 'join-group':
      return `join its group: sudo usermod -aG ${remedy.group} ${remedy.user}, and log in again`;
    case 'keep-awake':
      return `echo on | sudo tee ${remedy.file}`;
    case 'omit-timeout':
      return 'omit --timeout; --idle-timeout or --duration can end the capture';
    case 'pass-usb-through':
      return passThrough(remedy.to);
    case 'raise-scenario-memory':
      return `raise the limit: memory=${remedy.bytes} in the scenario`;
    case 'raise-usbfs-memory':
      return `raise the limit: echo ${remedy.mebibytes} | sudo tee ${remedy.file}`;
    case 'rebind-driver':
      return `echo ${remedy.interfaceName} | sudo tee /sys/bus/usb/drivers/${remedy.driver}/bind`;
    case 'reinstall':
      return 'reinstall usbxfer on this machine';
    case 'replug':
      return 'plug the device in again';
    case 'run-again':
      return 'run the command again';
    case 'run-udev-daemon':
      return 'sudo systemctl start systemd-udevd';
    case 'select-configuration':
      return `select it with --configuration ${remedy.value}`;
    case 'start-server':
      return startServer(remedy);
    case 'unmount':
      return `unmount it first: sudo umount ${remedy.source}`;
    case 'use-faster-link':
      return 'use a port and a cable for that speed, and no slower hub between them';
    case 'use-fewer-transfers':
      return `read with --transfers ${remedy.transfers}`;
    case 'use-shorter-transfers':
      return `use --transfer-size ${remedy.bytes} or less`;
  }
}

/**
 * The text of a remedy in the output of `usbxfer doctor`. It contains every command to run, and the
 * usbxfer command that an option belongs to.
 */
export function fixFor(remedy: Remedy): string {
  switch (remedy.kind) {
    case 'add-udev-rule':
      return (
        `${adviceFor(remedy)} | sudo tee ${udevRuleFile(remedy)}, sudo udevadm control --reload, ` +
        `and plug the device in again${remedy.isAtSeat ? REMOTE_USE : ''}`
      );
    case 'any-of':
      return remedy.remedies.map(fixFor).join('; or ');
    case 'detach-driver':
      return 'detach it until the capture ends: usbxfer read --detach';
    default:
      return adviceFor(remedy);
  }
}

/** How to start a server at an address, or to reach one that listens on the loopback interface only. */
function startServer({ host, port }: { readonly host: string; readonly port: number }): string {
  const isLocal = host === 'localhost' || host.startsWith('127.') || host === '::1';
  const tunnel = isLocal
    ? `or reach one on another machine with ssh -L ${port}:127.0.0.1:3240 HOST`
    : `or reach it with ssh -L ${port}:127.0.0.1:${port} ${host} and --host localhost:${port}`;
  return `start a server (Linux: sudo usbipd -D; any system: usbxfer serve), ${tunnel}`;
}

const REMOTE_USE = '; over ssh or in a service, with --group GROUP';

function endProcess(pids: readonly number[]): string {
  switch (pids.length) {
    case 0:
      return 'find that process with sudo usbxfer doctor, and end it';
    case 1:
      return 'end that process';
    default:
      return 'end the process that should not use the device';
  }
}

/** @param to the kind of this system; undefined if unknown */
function passThrough(to: readonly PassThroughTarget[] | undefined): string {
  return to === undefined
    ? 'a container sees USB only if /dev/bus/usb and /sys are passed in, WSL only if the device is ' +
        'attached (usbipd attach --wsl), a virtual machine only if the device is passed through'
    : to.map((target) => PASS_THROUGH[target]).join('; ');
}
