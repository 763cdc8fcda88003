import type { DescriptorTree } from '../../src/usb/descriptors/tree.js';

/** Returns the size of everything in a tree, in bytes. */
export function treeSize({ device, configurations, others, undecoded }: DescriptorTree): number {
  const own = (nodes: readonly Uint8Array[]) => nodes.reduce((all, { length }) => all + length, 0);
  const inConfigurations = configurations.map(
    (node) =>
      own([node.bytes, ...node.others]) +
      8 * node.associations.length +
      node.settings
        .map(
          (setting) =>
            own([setting.bytes, ...setting.others]) +
            setting.endpoints
              .map(
                (end) =>
                  own([end.bytes, ...end.others]) +
                  (end.companion === undefined ? 0 : 6) +
                  (end.isochronousCompanion === undefined ? 0 : 8),
              )
              .reduce((a, b) => a + b, 0),
        )
        .reduce((a, b) => a + b, 0),
  );
  return (
    own([device?.bytes ?? new Uint8Array(), ...others, undecoded]) +
    inConfigurations.reduce((a, b) => a + b, 0)
  );
}
