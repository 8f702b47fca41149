import { WeirError } from '@weir/proto'

/**
 * The subject of an MQTT topic, and of no other topic: `a/b/c` is `a.b.c`. Each byte of UTF-8 that
 * a token cannot have is `=XX` in hexadecimal digits, and a level without a character is `=00`.
 * Throws `malformed` for a topic that nobody may publish to.
 */
export function topicSubject(topic: string): string {
  if (topic === '' || /[+#\0]/.test(topic)) {
    throw new WeirError('malformed', 'A topic to publish to has at least one character, and none of +, # and NUL.')
  }
  if (plainTopic.test(topic)) return topic.replaceAll('/', '.')
  return topic.split('/').map(levelToken).join('.')
}

/** The topic of a subject. */
export function subjectTopic(subject: string): string {
  return subject.includes('=') ? subject.split('.').map(tokenLevel).join('/') : subject.replaceAll('.', '/')
}

/**
 * The filters that together match what an MQTT filter does: `a/+` is `a.*`, and `a/#` is `a` and
 * `a.>`, for it matches its parent too. Throws `malformed`.
 */
export function topicFilters(filter: string): readonly string[] {
  const levels = filter.split('/')
  const isDeep = levels.at(-1) === '#'
  const parent = isDeep ? levels.slice(0, -1) : levels
  const isWrong = parent.some((level) => level !== '+' && /[+#\0]/.test(level))
  if (filter === '' || isWrong) {
    throw new WeirError('malformed', 'In a topic filter + stands for a whole level, and # for all levels at the end.')
  }
  const subject = parent.map((level) => (level === '+' ? '*' : levelToken(level))).join('.')
  if (!isDeep) return [subject]
  return parent.length === 0 ? ['>'] : [subject, `${subject}.>`]
}

function levelToken(level: string): string {
  if (level === '') return EMPTY
  // An escape that stands in the topic itself is escaped.
  return level.replaceAll(/=(?=[0-9A-F]{2})|[^A-Za-z0-9_=-]/gu, escaped)
}

function escaped(character: string): string {
  let text = ''
  for (const byte of encoder.encode(character)) text += `=${byte.toString(16).toUpperCase().padStart(2, '0')}`
  return text
}

function tokenLevel(token: string): string {
  if (token === EMPTY) return ''
  return token.replaceAll(/(=[0-9A-F]{2})+/g, (escapes) => {
    const bytes = escapes
      .slice(1)
      .split('=')
      .map((digits) => Number.parseInt(digits, 16))
    try {
      return decoder.decode(Uint8Array.from(bytes))
    } catch {
      // A subject that did not come by MQTT may look like this.
      return escapes
    }
  })
}

const EMPTY = '=00'
const plainTopic = /^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })
