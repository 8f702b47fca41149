import { en, type Words } from './en.ts'

/** What the page says now. Set once, before anything is drawn. */
export let words: Words = en

/** The language of `words`. */
export let language: 'en' | 'es' = 'en'

/**
 * Speaks the language of the browser where there is one, English otherwise. Spanish is loaded when
 * it is spoken.
 */
export async function speak(asked: readonly string[]): Promise<void> {
  const wanted = asked.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag === 'en' || tag === 'es')
  words = wanted === 'es' ? (await import('./es.ts')).es : en
  language = wanted ?? 'en'
}
