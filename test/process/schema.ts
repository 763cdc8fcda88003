import { readFileSync } from 'node:fs';
import { Ajv2020, type AnySchema } from 'ajv/dist/2020.js';

/** What is wrong with a value by one of the schemas that are shipped; undefined when nothing is. */
export function violations(name: string): (value: unknown) => string | undefined {
  const schema: AnySchema = JSON.parse(readFileSync(`schema/${name}.schema.json`, 'utf8'));
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false });
  const validate = ajv.compile(schema);
  return (value) => (validate(value) ? undefined : ajv.errorsText(validate.errors));
}
