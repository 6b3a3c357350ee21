var f=`:host { display: block; height: 100%; min-height: 0; }
.conversation {
  --soft: var(--mui-palette-text-secondary, #5b6470);
  --line: var(--mui-palette-divider, rgba(0, 0, 0, .12));
  --accent: var(--mui-palette-primary-main, #1c5d99);
  --bad: var(--mui-palette-error-main, #b3261e);
  --warn: var(--mui-palette-warning-main, #9a5b00);
  --good: var(--mui-palette-success-main, #1b6b3a);
  position: relative; height: 100%; min-height: 0; box-sizing: border-box;
  color: var(--mui-palette-text-primary, #1d2430);
  font: 14px/1.45 var(--mui-font-family, system-ui, "Segoe UI", Roboto, sans-serif);
}
.list {
  height: 100%; overflow-y: auto; overflow-anchor: none; box-sizing: border-box;
  padding: 12px 14px 16px; scrollbar-width: thin; scrollbar-gutter: stable;
}
.list:focus-visible, button:focus-visible, summary:focus-visible, input:focus-visible {
  outline: 2px solid var(--accent); outline-offset: 2px;
}
.item { margin: 0 0 8px; overflow-wrap: anywhere; }
.text { white-space: pre-wrap; }
.label { font-size: 11.5px; color: var(--soft); margin-bottom: 1px; }
.heard {
  margin: 16px 0 10px 36px; padding: 8px 12px; border-radius: 12px 12px 3px 12px;
  background: color-mix(in srgb, var(--accent) 13%, transparent);
}
.heard:first-child { margin-top: 0; }
.heard.interim { background: none; box-shadow: inset 0 0 0 1px var(--line); }
.heard.interim .text { color: var(--soft); font-style: italic; }
.heard.meaning-noise .text, .heard.meaning-backchannel .text { color: var(--soft); }
.said, .spoken { margin-right: 18px; }
.speech-speaking .text { text-decoration: underline; text-decoration-color: var(--accent); text-underline-offset: 4px; }
.speech-cut .text { color: var(--soft); }
.speech-cut .text::after { content: " \u2014 cut off"; font-size: 12px; }
.progress .text, .note .text { color: var(--soft); font-size: 13px; }
.note.tone-stop .text { color: var(--bad); font-weight: 600; }
.note.tone-warning .text { color: var(--warn); }
.thinking summary { color: var(--soft); font-size: 12.5px; cursor: pointer; }
.thinking .text { color: var(--soft); font-size: 13px; border-left: 2px solid var(--line); padding-left: 10px; margin-top: 4px; }
.action { border-left: 2px solid var(--line); padding: 1px 0 1px 10px; }
.action summary { list-style: none; cursor: pointer; }
.action summary::-webkit-details-marker { display: none; }
.action .head { display: flex; gap: 8px; align-items: baseline; font-size: 13px; }
.action .title { flex: 1; min-width: 0; }
.action .mark { flex: none; width: 8px; height: 8px; border-radius: 50%; background: var(--soft); align-self: center; }
.action.state-done .mark { background: var(--good); }
.action.state-failed .mark { background: var(--bad); border-radius: 1px; }
.action.state-skipped .mark, .action.state-waiting .mark { background: none; box-shadow: inset 0 0 0 2px var(--soft); }
.action.state-running .mark { background: var(--accent); }
.action.state-running { border-left-color: var(--accent); }
.action.state-skipped .title { color: var(--soft); text-decoration: line-through; }
.action .side { flex: none; display: flex; gap: 8px; color: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
.action.state-failed .word { color: var(--bad); }
.action .thumb { display: block; width: 144px; height: auto; margin: 5px 0 2px 16px; border-radius: 5px; border: 1px solid var(--line); }
.action details[open] .thumb { display: none; }
.action .full { display: block; width: 100%; height: auto; margin-top: 6px; border-radius: 6px; border: 1px solid var(--line); }
.where { color: var(--soft); font-size: 12px; margin: 2px 0 0 16px; }
pre {
  margin: 5px 0 2px; padding: 8px 10px; max-height: 180px; overflow: auto; border-radius: 6px; white-space: pre-wrap;
  background: color-mix(in srgb, var(--soft) 12%, transparent); font: 12px/1.45 ui-monospace, "DejaVu Sans Mono", monospace;
}
.outcome { border-top: 1px solid var(--line); padding-top: 8px; margin-top: 12px; }
.outcome .label { font-weight: 600; color: var(--good); font-size: 13px; }
.outcome.outcome-failed .label, .outcome.outcome-stopped .label, .outcome.outcome-limit .label, .outcome.outcome-refused .label { color: var(--bad); }
.error { border: 1px solid var(--bad); border-left-width: 4px; border-radius: 8px; padding: 9px 12px; }
.error .text { font-weight: 600; }
.error .advice { margin-top: 3px; }
.approval, .question { border-radius: 10px; padding: 12px 14px; border: 1px solid var(--line); }
.approval .text, .question .text { font-weight: 600; font-size: 15px; }
.open.approval, .open.question {
  border: 2px solid var(--warn); background: color-mix(in srgb, var(--warn) 10%, var(--mui-palette-background-paper, #fff));
  position: sticky; bottom: 0; z-index: 1;
}
.open .label { color: var(--mui-palette-text-primary, #1d2430); font-weight: 600; }
.verdict { margin-top: 4px; color: var(--soft); }
.buttons { display: flex; gap: 8px; margin: 10px 0 6px; }
.hint { font-size: 12.5px; color: var(--soft); }
button {
  font: inherit; border-radius: 8px; border: 1px solid var(--line); background: var(--mui-palette-background-paper, #fff);
  color: inherit; padding: 7px 16px; cursor: pointer; min-height: 36px;
}
button:disabled { opacity: .55; cursor: default; }
button.allow { background: var(--accent); border-color: var(--accent); color: var(--mui-palette-primary-contrastText, #fff); font-weight: 600; }
button.deny { font-weight: 600; flex: none; }
.buttons input { flex: 1; min-width: 0; font: inherit; color: inherit; background: none; border: 1px solid var(--soft); border-radius: 8px; padding: 6px 10px; }
.more { position: absolute; left: 50%; bottom: 10px; transform: translateX(-50%); border-radius: 18px; box-shadow: 0 2px 8px rgba(0, 0, 0, .25); z-index: 2; }
.empty { position: absolute; inset: 0; display: flex; flex-direction: column; justify-content: center; gap: 8px; padding: 20px; pointer-events: none; }
.empty > * { pointer-events: auto; }
.empty h2 { margin: 0; font-size: 19px; font-weight: 600; }
.empty p { margin: 0 0 8px; color: var(--soft); }
.example { text-align: left; font-size: 13.5px; }
.example:hover { border-color: var(--accent); }
[hidden] { display: none !important; }
@media (prefers-reduced-motion: no-preference) {
  .streaming:last-child .text::after { content: ""; display: inline-block; width: 7px; height: 1em; margin-left: 2px; vertical-align: -2px; background: var(--accent); opacity: .5; animation: pulse 1.1s infinite; }
  .action.state-running .mark { animation: pulse 1.1s infinite; }
}
@keyframes pulse { 50% { opacity: .15; } }
`;var u={waiting:"next",running:"now",done:"done",failed:"failed",skipped:"not run",allow:"Allowed",deny:"Denied",void:"No longer asked",timeout:"No answer in time: denied",alternative:"Something else was asked for",stopped:"Stopped",limit:"Limit reached",refused:"Refused"},b={voice:"You said",typed:"You typed",terminal:"From the terminal",api:"Asked",button:"You pressed"};function i(t,e="",o=""){let n=document.createElement(t);return e&&(n.className=e),o&&(n.textContent=o),n}function v(t){return new Date(t*1e3).toLocaleTimeString([],{hour:"2-digit",minute:"2-digit",second:"2-digit"})}function p(t,e){let o=i("div","text",t.text);return e?[i("div","label",e),o]:[o]}function y(t){let e=i("div","head");e.append(i("span","mark"),i("span","title",t.title));let o=i("span","side");if(t.seconds>=.05&&o.append(i("span","seconds",`${t.seconds.toFixed(1)} s`)),t.state!=="done"&&o.append(i("span","word",u[t.state]||t.state)),e.append(o),!t.output&&!t.image)return[e];let n=i("details");n.open=t.state==="failed"||t.open===!0,n.addEventListener("toggle",()=>{t.open=n.open});let r=i("summary");return r.append(e),t.image&&r.append(h(t,"thumb")),n.append(r),t.where&&n.append(i("div","where",`in ${t.where}`)),t.output&&n.append(i("pre","",t.output)),t.image&&n.append(h(t,"full")),[n]}function h(t,e){let o=i("img",e);o.loading="lazy",o.decoding="async",o.alt=e==="thumb"?"":`The screen after: ${t.title}`;let[n,r]=t.size;return o.width=n,o.height=r,o.src=t.image,o}function w(t,e){let o=[i("div","label","May I?"),i("div","text",t.text)];if(t.decision)return[...o,i("div","verdict",u[t.decision]||t.decision)];let n=i("div","buttons");for(let[a,s]of[["allow","Allow"],["deny","Deny"]]){let d=i("button",a,s);d.type="button",d.addEventListener("click",()=>{for(let l of n.children)l.disabled=!0;e({type:"approve",id:t.id,decision:a})}),n.append(d)}let r=t.phrase&&!t.text.includes(t.phrase)?`or say \u201C${t.phrase}\u201D \xB7 no answer means no`:"No answer means no.";return[...o,n,i("div","hint",r)]}function k(t,e){let o=[i("div","label","A question for you"),i("div","text",t.text)];if(t.answer!==null)return[...o,i("div","verdict",t.answer)];let n=i("form","buttons"),r=i("input");r.type="text",r.autocomplete="off",r.setAttribute("aria-label","Your answer"),r.placeholder="Your answer, or say it";let a=i("button","allow","Answer");return n.append(r,a),n.addEventListener("submit",s=>{s.preventDefault(),r.value.trim()&&(r.disabled=a.disabled=!0,e({type:"answer",id:t.id,text:r.value.trim()}))}),[...o,n]}var z={heard:t=>p(t,b[t.source]||"Heard"),said:t=>p(t),spoken:t=>p(t),thinking:t=>{let e=i("details");return e.open=t.open===!0,e.addEventListener("toggle",()=>{t.open=e.open}),e.append(i("summary","","Thought"),i("div","text",t.text)),[e]},progress:t=>p(t),note:t=>p(t),action:y,approval:w,question:k,outcome:t=>{let e=t.outcome==="done"?"Done":u[t.outcome]||"Failed";return t.text?[i("div","label",e),i("div","text",t.text)]:[i("div","label",e)]},error:t=>t.advice?[i("div","text",t.text),i("div","advice",t.advice)]:p(t)};function E(t){let e=["item",t.kind];for(let o of["state","tone","outcome","speech","meaning"])t[o]&&e.push(`${o}-${t[o]}`);return t.interim&&e.push("interim"),t.streaming&&e.push("streaming"),(t.kind==="approval"&&!t.decision||t.kind==="question"&&t.answer===null)&&e.push("open"),e.join(" ")}var c=class{constructor(e){this.send=e,this.items=new Map,this.root=i("section","conversation"),this.list=i("div","list"),this.list.setAttribute("role","log"),this.list.setAttribute("aria-label","Conversation"),this.list.tabIndex=0,this.empty=i("div","empty"),this.empty.append(i("h2","","What shall I do?"),i("p","","Say it or type it. You can cut in at any time."),...["Open the text editor and type hello world.","Create a file called shopping list with the text milk, eggs and bread.","What can I say?"].map(o=>{let n=i("button","example",o);return n.type="button",n.addEventListener("click",()=>e({type:"say",text:o})),n})),this.more=i("button","more","\u2193 newest"),this.more.type="button",this.more.hidden=!0,this.more.addEventListener("click",()=>this.follow(!0)),this.list.addEventListener("scroll",()=>{this.more.hidden=this.near()},{passive:!0}),this.root.append(this.list,this.empty,this.more)}near(){return this.list.scrollHeight-this.list.scrollTop-this.list.clientHeight<48}follow(e=!1){e&&(this.list.scrollTop=this.list.scrollHeight),this.more.hidden=this.near()}apply({operations:e,reset:o}){let n=this.near()||o;o&&(this.items.clear(),this.list.replaceChildren());for(let r of e)r.put?this.put(r.put):this.append(r);for(;this.list.childElementCount>400;)this.items.delete(this.list.firstElementChild.dataset.id),this.list.firstElementChild.remove();this.empty.hidden=this.items.size>0,n?this.follow(!0):this.follow()}put(e){let o=this.items.get(e.id);o&&(e.open=o.item.open);let n=o?o.node:i("article");n.className=E(e),n.dataset.id=e.id,n.title=v(e.at),o&&S(o.item,e)||n.replaceChildren(...(z[e.kind]||p)(e,this.send)),o||this.list.append(n),this.items.set(e.id,{item:e,node:n}),e.kind==="approval"&&!e.decision&&!o&&n.scrollIntoView({block:"nearest"})}append({append:e,text:o}){let n=this.items.get(e);n&&(n.item.text+=o,n.node.querySelector(".text")?.append(o))}};function S(t,e){return e.kind==="approval"&&t.decision===e.decision||e.kind==="question"&&t.answer===e.answer}function x({model:t}){let e=new c(o=>t.send_msg(o));return t.on("msg:custom",o=>e.apply(o)),queueMicrotask(()=>t.send_msg({type:"ready"})),e.root}function g(t,e){t.setAttribute("data-lm-suppress-shortcuts","true"),t.replaceChildren(e)}function A({model:t,el:e}){let o=document.createElement("div");o.style.height="100%";let n=o.attachShadow({mode:"open"}),r=document.createElement("style");r.textContent=f;let a={send_msg:s=>t.send(s),on:(s,d)=>t.on(s,l=>d(l))};n.append(r,x({model:a})),g(e,o)}var Y={render:A};export{Y as default};
