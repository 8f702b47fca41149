import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isNamed } from './entity-tag.ts'

test('a tag is named weakly, in a list, or by a star', () => {
  for (const header of ['"x"', 'W/"x"', '"a", W/"x"', '"a","b" , "x"', ', "x",', '*', ' * ']) {
    assert.equal(isNamed(header, '"x"'), true, header)
    assert.equal(isNamed(header, 'W/"x"'), true, header)
  }
})

test('another tag, none and what is no list of tags name nothing', () => {
  for (const header of [undefined, '', '"y"', 'x', '"x', 'W/x', '"a" "x"', 'w/"x"', '"xx"', '"x", *']) {
    assert.equal(isNamed(header, '"x"'), false, header)
  }
  assert.equal(isNamed('"a,x"', '"x"'), false)
})
