/**
 * The language tag of the browser, fit for Intl. Under the POSIX locale a browser calls its
 * language en-US@posix, which Intl refuses, and so does the chart library as it loads.
 */
export const tag: string = usableTag()

function usableTag(): string {
  const asked = typeof navigator === 'undefined' ? 'en' : navigator.language
  try {
    return new Intl.Locale(asked).toString()
  } catch {
    Object.defineProperty(navigator, 'language', { value: 'en' })
    return 'en'
  }
}
