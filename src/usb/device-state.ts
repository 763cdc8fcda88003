/**
 * What the system makes of a device, beyond what the device says of itself: who drives it, and
 * whether this user may open it. Known without opening it; as of now, and soon out of date.
 */
export interface DeviceState {
  /** Whether this user may open the device for transfers; undefined where that cannot be told. */
  readonly accessible: boolean | undefined;
  /** The file by which it is opened, `/dev/bus/usb/003/004`; undefined where there are no such files. */
  readonly node: string | undefined;
  /** Of each interface of the active configuration that has a driver or nodes. */
  readonly interfaces: readonly InterfaceState[];
}

/** What the system makes of one interface. */
export interface InterfaceState {
  readonly interfaceNumber: number;
  /** The kernel driver; `usbfs` while a process has claimed the interface. */
  readonly driver: string | undefined;
  /** The device files that the driver made of it, such as `/dev/ttyACM0`, `/dev/sdb`. */
  readonly nodes: readonly string[];
}
