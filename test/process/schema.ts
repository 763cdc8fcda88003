import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020, type AnySchemaObject } from 'ajv/dist/2020.js';

/** Reads one of the shipped schemas. */
export function readSchema(name: string) {
  return JSON.parse(readFileSync(`schema/${name}.schema.json`, 'utf8'));
}

/** The shipped schemas, each closed: as `close` says. */
const schemas = readdirSync('schema').map((file) => close(readSchema(file.split('.')[0] ?? '')));

/**
 * Returns a function that checks a value against one of the shipped schemas, and that returns what
 * is wrong: also a field that the schema does not have. It returns undefined for a valid value.
 */
export function violations(name: string): (value: unknown) => string | undefined {
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false, schemas });
  const { $id } = readSchema(name);
  const validate = ajv.compile({ $ref: $id, unevaluatedProperties: false });
  return (value) => (validate(value) ? undefined : ajv.errorsText(validate.errors));
}

/** Forbids unknown fields in every object that is the value of a field or an item of an array. */
function close(schema: AnySchemaObject): AnySchemaObject {
  const closeValue = (value: AnySchemaObject): AnySchemaObject =>
    value['properties'] !== undefined || value['$ref'] !== undefined
      ? { ...close(value), unevaluatedProperties: false }
      : close(value);
  const closed = Object.entries(schema).map(([key, value]) => {
    switch (key) {
      case 'properties':
        return [key, mapValues(value, closeValue)];
      case '$defs':
        return [key, mapValues(value, close)];
      case 'items':
        return [key, closeValue(value)];
      case 'anyOf':
        return [key, value.map(closeValue)];
      default:
        return [key, value];
    }
  });
  return Object.fromEntries(closed);
}

function mapValues<T, R>(object: Record<string, T>, map: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]));
}
