import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { systemReason } from './system-reason.ts'

function thrownBy(work: () => unknown): unknown {
  try {
    work()
  } catch (thrown) {
    return thrown
  }
  throw new Error('nothing was thrown')
}

test('a fault of a file is said without its code, its call and its path', () => {
  assert.equal(systemReason(thrownBy(() => readFileSync('/nowhere/it, is'))), 'no such file or directory')
  assert.equal(systemReason(thrownBy(() => mkdirSync('/dev/null/below'))), 'not a directory')
  assert.equal(systemReason(thrownBy(() => readFileSync('/'))), 'illegal operation on a directory')
})

test('any other error keeps its words', () => {
  assert.equal(systemReason(new Error('Tabs are not allowed')), 'Tabs are not allowed')
  assert.equal(systemReason('a word'), 'a word')
})
