import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fieldsOf } from './schema.ts'

interface KindSchema {
  readonly required: readonly string[]
  readonly properties: Readonly<Record<string, { readonly const?: string }>>
}

const kinds = ['latest', 'merge', 'window', 'count', 'rate', 'alert', 'notify', 'history'] as const

test("the editors' schema knows the same kinds and fields as the projector", () => {
  const schema = JSON.parse(readFileSync(new URL('../../../projections.schema.json', import.meta.url), 'utf8')) as {
    readonly $defs: Readonly<Record<string, KindSchema>>
  }
  for (const kind of kinds) {
    const described = schema.$defs[kind]
    assert.equal(described?.properties.kind?.const, kind)
    assert.deepEqual(Object.keys(described?.properties ?? {}).sort(), [...fieldsOf(kind)].sort(), kind)
    assert.ok(described?.required.every((field) => fieldsOf(kind).includes(field)))
  }
})
