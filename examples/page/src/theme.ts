const key = 'weir.theme'

/** Light or dark as the system has it, until the person chooses. */
export function applyTheme(): void {
  const chosen = localStorage.getItem(key)
  if (chosen !== null) document.documentElement.dataset.theme = chosen
}

export function toggleTheme(): void {
  const shown = getComputedStyle(document.documentElement).colorScheme
  const dark = shown === 'dark' || (shown.includes('light') && matchMedia('(prefers-color-scheme: dark)').matches)
  const next =
    document.documentElement.dataset.theme === undefined ? (dark ? 'light' : 'dark') : dark ? 'light' : 'dark'
  localStorage.setItem(key, next)
  document.documentElement.dataset.theme = next
}
