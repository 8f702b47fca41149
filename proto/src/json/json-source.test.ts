import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { itemTexts, memberText } from './json-slice.ts'
import { ItemSource } from './json-source.ts'

const name = fc.oneof(fc.constantFrom('data', 'time', 'a"b', 'da\\ta', ''), fc.string())
const space = fc.constantFrom('', ' ', '\n\t')
/**
 * An object as a producer may write it: with space, doubled names, and characters that need no
 * escape escaped.
 */
const object = fc
  .array(fc.tuple(name, fc.boolean(), fc.json(), space), { maxLength: 6 })
  .map((members) =>
    members.map(([name, escaped, value, space]) => `${space}${written(name, escaped)}:${space}${value}`),
  )
  .map((members) => `{${members.join()} }`)

function written(name: string, escaped: boolean): string {
  if (!escaped) return JSON.stringify(name)
  return `"${Array.from({ length: name.length }, (_, at) => `\\u${name.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')}"`
}

test('a member has the text that JSON.parse would read', () => {
  fc.assert(
    fc.property(object, name, (text, name) => {
      const parsed = JSON.parse(text) as Record<string, unknown>
      const found = memberText(text, name)
      assert.equal(found !== undefined, Object.hasOwn(parsed, name))
      if (found !== undefined) assert.deepEqual(JSON.parse(found), parsed[name])
    }),
  )
})

test('items are those of the list, whichever are asked for, and in whatever order their members', () => {
  const asked = fc.array(fc.tuple(fc.boolean(), fc.boolean(), fc.array(name, { maxLength: 3 })), { maxLength: 8 })
  fc.assert(
    fc.property(fc.array(object, { maxLength: 8 }), space, asked, (objects, space, asked) => {
      const list = `${space}[${space}${objects.join(`${space},${space}`)}${space}]${space}`
      const texts = itemTexts(list)
      assert.deepEqual(texts, objects)
      const source = new ItemSource(list)
      for (const [index, [textBefore, textAfter, names]] of asked.entries()) {
        if (index >= texts.length) return
        source.index = index
        if (textBefore) assert.equal(source.text(), texts[index])
        for (const name of names) assert.equal(source.member(name), memberText(texts[index] ?? '', name))
        if (textAfter) assert.equal(source.text(), texts[index])
      }
    }),
  )
})
