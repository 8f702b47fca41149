import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from './limits.ts'
import { faultLines, readPlacedYaml } from './placed-yaml.ts'

function faultsOf(text: string, ...paths: readonly (readonly (string | number)[])[]): readonly string[] {
  const { faults } = readPlacedYaml(text, (_, report) => {
    for (const path of paths) report(path, 'wrong')
  })
  return faultLines('f.yaml', faults)
}

test('a fault stands where its field does, or where it would, in the order of the file', () => {
  const text = 'routes:\n  - path: /a\n  - { subject: b }\n'
  assert.deepEqual(faultsOf(text, ['routes', 1, 'path'], ['routes', 1, 'subject'], ['routes', 0, 'path'], []), [
    'f.yaml:1:1: wrong',
    'f.yaml:2:5: routes[0].path: wrong',
    'f.yaml:3:5: routes[1].path: wrong',
    'f.yaml:3:7: routes[1].subject: wrong',
  ])
})

test('what is no YAML is not read, and every fault of it is told', () => {
  const { value, faults } = readPlacedYaml('a: 1\na: 2\nb: "\n', () => 'read')
  assert.equal(value, undefined)
  assert.deepEqual(
    faults.map(({ line }) => line),
    [2, 4],
  )
})

test('a file that is too large, or whose aliases stand for too much, is not read', () => {
  const [tooLarge = ''] = faultsOf(`# ${'x'.repeat(limits.yamlBytesMax)}`)
  assert.match(tooLarge, /larger than 1 MiB/)
  const tenOf = (name: string): string => `[${Array(10).fill(`*${name}`).join(', ')}]`
  const [tooMany = ''] = faultsOf(`a: &a [x]\nb: &b ${tenOf('a')}\nc: &c ${tenOf('b')}\nd: ${tenOf('c')}\n`)
  assert.match(tooMany, /^f\.yaml:2:8: the aliases/)
})
