import { mount } from 'svelte'
import '../../page/src/style.css'
import { applyTheme } from '../../page/src/theme.ts'
import App from './App.svelte'

applyTheme()
const target = document.querySelector('#app')
if (target !== null) mount(App, { target })
