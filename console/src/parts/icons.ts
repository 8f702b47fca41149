/** Paths in a box of 20, drawn as lines. */
export const icons = {
  start: 'M3 11c2.3 0 2.3 2 4.7 2S10 11 12.3 11s2.4 2 4.7 2M3 7c2.3 0 2.3 2 4.7 2S10 7 12.3 7s2.4 2 4.7 2',
  live: 'M3 10h3l2-5 4 10 2-5h3',
  state: 'M5 4v12M5 7h4M5 13h4M11 7h4M11 13h4',
  history: 'M3 16V4M3 16h14M6 12l3-4 3 2 4-5',
  alerts: 'M5 13V9a5 5 0 0 1 10 0v4l1.5 2h-13ZM8.5 17h3',
  mesh: 'M10 5.5v3M10 8.5 5 13M10 8.5l5 4.5M10 5.5a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4ZM4.4 16.4a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4ZM15.6 16.4a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4Z',
  boards: 'M3 4h6v6H3ZM12 4h5v4h-5ZM12 11h5v5h-5ZM3 13h6v3H3Z',
  close: 'M5 5l10 10M15 5 5 15',
  up: 'M10 15V5M6 9l4-4 4 4',
  down: 'M10 5v10M6 11l4 4 4-4',
  pause: 'M7 5v10M13 5v10',
  play: 'M7 5l8 5-8 5Z',
  pin: 'M12 3l5 5-3 1-3 3-.5 3L5 9.500l3-.5 3-3ZM7.500 12.500 3.500 16.500',
  person: 'M10 9.500a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM4 16.500c.6-3 3-4.500 6-4.500s5.400 1.500 6 4.500',
  theme: 'M10 3a7 7 0 1 0 0 14ZM10 3a7 7 0 0 1 0 14',
  search: 'M9 14A5 5 0 1 0 9 4a5 5 0 0 0 0 10ZM13 13l3.500 3.500',
  more: 'M4.500 10h.01M10 10h.01M15.500 10h.01',
  sound: 'M4 8v4h3l4 3V5L7 8ZM13.500 7.500a3.500 3.500 0 0 1 0 5',
  plus: 'M10 4v12M4 10h12',
} as const

export type IconName = keyof typeof icons
