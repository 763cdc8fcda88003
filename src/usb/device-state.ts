/**
 * What the system makes of a device, beyond what the device says of itself: who drives it, and
 * whether this user may open it. Known without opening it; as of now, and soon out of date.
 */
export interface DeviceState {
  /** Whether this user may open the device for transfers; undefined where that cannot be told. */
  readonly accessible: boolean | undefined;
  /** The file by which it is opened, `/dev/bus/usb/003/004`; undefined where there are no such files. */
  readonly node: string | undefined;
  /** Of each interface of the active configuration. */
  readonly interfaces: readonly InterfaceState[];
}

/** What the system makes of one interface. */
export interface InterfaceState {
  readonly interfaceNumber: number;
  /** The kernel driver; `usbfs` while a process has claimed the interface. */
  readonly driver: string | undefined;
  /**
   * What the driver made of it: device files such as `/dev/ttyACM0` and `/dev/sdb`, and names of
   * network interfaces, such as `eth1`. May be looked for when it is asked for, each time.
   */
  readonly nodes: readonly string[];
  /** The string that iInterface is the number of, likewise. Comes from the device: untrusted. */
  readonly name: string | undefined;
}
