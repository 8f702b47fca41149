// Under the POSIX locale a browser calls its language en-US@posix, which Intl refuses, and so does the chart as it loads: the
// page would stay empty. So this comes before everything else.
try {
  new Intl.Locale(navigator.language)
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en' })
}
