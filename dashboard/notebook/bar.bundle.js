function u(n,t){n.setAttribute("data-lm-suppress-shortcuts","true"),n.replaceChildren(t)}function o(n,t={},s=[]){let e=document.createElement(n);for(let[a,i]of Object.entries(t))e.setAttribute(a,`${i}`);return e.append(...s),e}var l=`.sayso-bar {
  --soft: var(--mui-palette-text-secondary, #5b6470); --line: var(--mui-palette-divider, rgba(0, 0, 0, .12)); --tone: var(--soft);
  display: flex; flex-wrap: wrap; align-items: center; gap: 8px; padding: 2px;
  color: var(--mui-palette-text-primary, #1d2430); font: 13px/1.35 var(--mui-font-family, system-ui, "Segoe UI", Roboto, sans-serif);
}
.sayso-bar .badge { display: flex; align-items: center; gap: 7px; flex: 1 1 100%; min-width: 0; }
.sayso-bar .dot { flex: none; width: 10px; height: 10px; border-radius: 50%; background: var(--tone); }
.sayso-bar .word { font-weight: 650; color: var(--tone); flex: none; }
.sayso-bar .detail { flex: 1; color: var(--soft); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-width: 0; }
.sayso-bar .usage { color: var(--soft); font-variant-numeric: tabular-nums; flex: none; }
.sayso-bar[data-who=idle] { --tone: var(--mui-palette-success-main, #1b6b3a); }
.sayso-bar:is([data-who=listening], [data-who=thinking], [data-who=speaking], [data-who=acting]) { --tone: var(--mui-palette-primary-main, #1c5d99); }
.sayso-bar:is([data-who=held], [data-who=waiting]) { --tone: var(--mui-palette-warning-main, #9a5b00); }
.sayso-bar[data-who=yours] { --tone: var(--mui-palette-secondary-main, #6a3fb5); }
.sayso-bar:is([data-who=stopped], [data-who=disconnected]) { --tone: var(--mui-palette-error-main, #b3261e); }
.sayso-bar form { display: flex; gap: 6px; flex: 1 1 260px; min-width: 0; }
.sayso-bar input, .sayso-bar button {
  font: inherit; color: inherit; min-height: 32px; box-sizing: border-box; border-radius: 7px; border: 1px solid var(--line);
  background: var(--mui-palette-background-paper, #fff); padding: 4px 11px;
}
.sayso-bar input { flex: 1; min-width: 0; }
.sayso-bar button { cursor: pointer; }
.sayso-bar button:disabled { opacity: .5; cursor: default; }
.sayso-bar .stop { font-weight: 700; color: var(--mui-palette-error-main, #b3261e); border-color: currentColor; }
.sayso-bar .stop.live { background: var(--mui-palette-error-main, #b3261e); color: var(--mui-palette-error-contrastText, #fff); }
.sayso-bar :is(input, button):focus-visible { outline: 2px solid var(--mui-palette-primary-main, #1c5d99); outline-offset: 1px; }
`;var r=class{constructor(t){this.model=t,this.word=o("span",{class:"word"}),this.detail=o("span",{class:"detail"}),this.usage=o("span",{class:"usage"});let s=o("span",{class:"dot","aria-hidden":"true"}),e=o("div",{class:"badge",role:"status"},[s,this.word,this.detail,this.usage]);this.mouse=this.#e("mouse","Take the mouse",()=>({type:this.#t?"give":"take"})),this.stop=this.#e("stop","Stop",()=>({type:"stop"}));let a=[o("style",{},[l]),e,this.#s(),this.mouse,this.stop];this.root=o("section",{class:"sayso-bar","aria-label":"Session"},a);for(let i of["who","detail","usage","running","able"])t.on(`change:${i}`,()=>this.show());t.on("msg:custom",i=>this.#o(i)),this.show()}#o({refused:t}){!t||t!==this.sent||(this.sent="",this.input.value=[t,this.input.value].filter(Boolean).join(" "))}get#t(){return this.model.get("who")==="yours"}show(){let{model:t}=this;this.root.dataset.who=t.get("who"),this.word.textContent=this.#t?"you have the mouse":t.get("who"),this.detail.textContent=t.get("detail"),this.usage.textContent=t.get("usage"),this.mouse.textContent=this.#t?"Give it back":"Take the mouse",this.mouse.disabled=!t.get("able"),this.stop.classList.toggle("live",t.get("running")),this.form.hidden=this.stop.hidden=!t.get("talks")}#e(t,s,e){let a=o("button",{type:"button",class:t},[s]);return a.onclick=()=>this.model.send(e()),a}#s(){let s=o("input",{...{type:"text",placeholder:"Type what to do\u2026","aria-label":"Type what to do",maxlength:"4000"},autocomplete:"off"});return this.input=s,this.form=o("form",{},[s,o("button",{},["Send"])]),s.onkeydown=e=>{e.key!=="Enter"||e.isComposing||(e.preventDefault(),this.form.requestSubmit())},this.form.onsubmit=e=>{e.preventDefault();let a=s.value.trim();a&&this.model.send({type:"say",text:a}),this.sent=a,s.value=""},this.form}};function h({model:n,el:t}){u(t,new r(n).root)}var y={render:h};export{y as default};
