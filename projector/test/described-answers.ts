import assert from 'node:assert/strict'
import type { OpenApi, Operation } from '@weir/mesh'
import { Ajv2020 } from 'ajv/dist/2020.js'

/**
 * Compares answers with what the API says of itself: their status is one of those there, and their
 * body has all that it has there and nothing else.
 */
export class DescribedAnswers {
  readonly #document: OpenApi
  readonly #ajv: Ajv2020

  constructor(document: OpenApi) {
    this.#document = document
    this.#ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
    this.#ajv.addSchema(closed(document) as object, 'api')
  }

  check(method: string, url: string, status: number, mediaType: string, body: unknown): void {
    const { pathname } = new URL(url)
    const path = this.#pathOf(pathname)
    const operation = path === undefined ? undefined : this.#document.paths[path]?.[method.toLowerCase()]
    // What is at no address is no answer of the API.
    if (path === undefined || operation === undefined) {
      assert.equal(status, 404, `${method} ${pathname}`)
      return
    }
    const content = contentOf(operation, status, `${method} ${pathname}`)
    if (content === undefined) {
      assert.equal(body, '', `${method} ${pathname} ${status}`)
      return
    }
    const [type = ''] = mediaType.split(';')
    assert.ok(type in content, `${method} ${pathname} ${status}: ${type}`)
    if (!/^application\/(problem\+)?json$/.test(type)) return
    const pointer = ['paths', path, method.toLowerCase(), 'responses', String(status), 'content', type, 'schema']
    const valid = this.#ajv.compile({ $ref: `api#/${pointer.map(escaped).join('/')}` })
    assert.ok(valid(body), `${method} ${pathname} ${status}: ${this.#ajv.errorsText(valid.errors)}`)
  }

  #pathOf(pathname: string): string | undefined {
    return Object.keys(this.#document.paths)
      .filter((path) => new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(pathname))
      .sort((a, b) => a.split('{').length - b.split('{').length)[0]
  }
}

function contentOf({ responses }: Operation, status: number, asked: string): object | undefined {
  const described = responses[status]
  assert.ok(described !== undefined, `${asked}: ${status} is not described`)
  return described.content
}

/** The same with no property beyond those that are named. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, closed(member)]))
  const isObject = members.type === 'object' && typeof members.properties === 'object'
  return isObject ? { additionalProperties: false, ...members } : members
}

/** RFC 6901, in a fragment. */
function escaped(name: string): string {
  return encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))
}
