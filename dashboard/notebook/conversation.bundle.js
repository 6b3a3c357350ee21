/*! Contains preact, @preact/signals (MIT) and htm (Apache-2.0): see dashboard/js/preact.LICENSE.txt */
var g,xe,zt,z,Lt,_t,be,dt,ye,Ut,Dt,$n,et=Symbol.for("pv"),vt={},mt=[],kn=/^m(i|n|o|s|text|space)$/,Ht=Array.isArray,Ft=mt.slice,B=Object.assign;function W(e){e&&e.parentNode&&e.remove()}function gt(e,t,n){var o,r,i,s={},a=arguments.length;for(i in t)i=="key"?o=t[i]:i=="ref"&&typeof e!="function"?r=t[i]:s[i]=t[i];return a>2&&(s.children=a>3?Ft.call(arguments,2):n),tt(e,s,o,r,null)}function tt(e,t,n,o,r){var i={type:e,props:t,key:n,ref:o,__k:null,__:null,__b:0,__e:null,__c:null,constructor:et,__v:r||++xe,__i:-1,__u:0};return!r&&g.vnode&&g.vnode(i),i}function V(e){return e.children}function U(e,t){this.props=e,this.context=t,this.__g=0}function H(e,t){if(t==null)return e.__&&H(e.__,e.__i+1);for(var n;t<e.__k.length;t++)if((n=e.__k[t])&&n.__e)return n.__e;return typeof e.type!="function"||e.props.__P?null:H(e)}function Sn(e){var t,n=e.__v,o=n.__e,r=[],i=[],s=e.__P;s&&((t=B({constructor:et},n)).__v=n.__v+1,g.vnode&&g.vnode(t),qt(s,t,n,e.__n,s.namespaceURI,32&n.__u?[o]:null,r,o||H(n),32&n.__u,i),t.__v=n.__v,t.__.__k[t.__i]=t,Ce(r,t,i),n.__=n.__e=null,t.__e!=o&&we(t))}function we(e){if((e=e.__)&&e.__c&&!e.props.__P)return e.__e=null,e.__k.some(function(t){return t&&(e.__e=t.__e)}),we(e)}function me(e){(8&e.__g||(e.__g|=8,z.push(e),_t++))&&Lt==g.debounceRendering||((Lt=g.debounceRendering)||queueMicrotask)($e)}function $e(){try{for(var e,t=1;z.length;)z.length>t&&z.sort(be),e=z.shift(),t=z.length,8&e.__g&&Sn(e)}finally{(_t=z.length)&&(Lt||queueMicrotask)($e)}}function ke(e,t,n,o,r,i,s,a,p,f,c){var h,_,l,v,w,m,x=o.__k||mt,d=t.length;for(p=Mn(n,t,x,p,d),h=0;h<d;h++)(l=n.__k[h])!=null&&(_=~l.__i&&x[l.__i]||vt,l.__i=h,m=qt(e,l,_,r,i,s,a,p,f,c),v=l.__e,(_.ref!=l.ref||8&_.__u)&&(_.ref&&Rt(_.ref,null,l,_),l.ref&&c.push(l.ref,l.__c||v,l)),w=w||v,4&l.__u?(p=Se(l,p,e,!_.__v),_.__e&&(_.__e=null)):typeof l.type=="function"&&m!==void 0?p=m:v&&(p=v.nextSibling),l.__u&=-21);return n.__e=w,p}function Mn(e,t,n,o,r){var i,s,a,p,f,c,h,_,l,v=n.length,w=v,m=0,x=0,d=e.__k=Array(r);for(i=0;i<r;i++)(s=t[i])!=null&&typeof s!="boolean"&&typeof s!="function"?(typeof s!="object"||s.constructor===String?s=d[i]=tt(null,s):Ht(s)?s=d[i]=tt(V,{children:s}):s.constructor===et&&s.__b?s=d[i]=tt(s.type,s.props,s.key,s.ref,s.__v):d[i]=s,p=i+m,s.__=e,s.__b=e.__b+1,a=null,~(f=s.__i=Cn(s,n,p,w))&&(w--,(a=n[f])&&(a.__u|=2)),a&&a.__v?(s.__u|=16,f==p-1?m--:f==p+1?m++:f!=p&&(f>p?m--:m++,x=1)):(~f||(r>v?m--:r<v&&m++),typeof s.type!="function"&&(s.__u|=4))):d[i]=null;if(x){for(c=[],h=[],i=0;i<r;i++)if((s=d[i])&&16&s.__u){for(m=0,_=c.length;m<_;)c[l=m+_>>1]<s.__i?m=l+1:_=l;c[m]=s.__i,h[i]=m+1}for(m=c.length;i--;)h[i]&&(h[i]==m?m--:d[i].__u|=4)}if(w)for(i=0;i<v;i++)!(a=n[i])||2&a.__u||(a.__e==o&&(o=H(a)),jt(a,a));return o}function Se(e,t,n,o){var r,i,s,a;if(typeof e.type=="function"){if(e.props.__P)return t;if(r=e.__k)for(i=0;i<r.length;i++)r[i]&&(r[i].__=e,t=Se(r[i],t,n,!1));return t}for(t&&!t.parentNode&&(t=H(e))&&!t.parentNode&&(t=null),s=e.__e,a=t;a&&a.nodeType==8;)a=a.nextSibling;for(s!=a&&(!o&&n.moveBefore&&s.parentNode?n.moveBefore(s,t):n.insertBefore(s,t||null)),t=s;(t=t&&t.nextSibling)&&t.nodeType==8&&!t.data.startsWith("$s"););return t}function Cn(e,t,n,o){var r,i=e.key,s=e.type,a=t[n],p=a&&!(2&a.__u);if(a===null&&i==null||p&&i==a.key&&s==a.type)return n;if(o>(p?1:0)){for(r=n-1;r>=0;r--)if((a=t[r])&&!(2&a.__u)&&i==a.key&&s==a.type)return r;for(r=n+1;r<t.length;r++)if((a=t[r])&&!(2&a.__u)&&i==a.key&&s==a.type)return r}return-1}function ge(e,t,n){n==null&&(n=""),t[0]=="-"?e.setProperty(t,n):e[t]=n}function ft(e,t,n,o,r){var i,s;if(t=="style")if(typeof n=="string")e.style.cssText=n;else{if(typeof o=="string"&&(e.style.cssText=o=""),o)for(t in o)n&&t in n||ge(e.style,t);if(n)for(t in n)o&&n[t]==o[t]||ge(e.style,t,n[t])}else if(t[0]=="o"&&t[1]=="n")typeof n!="function"&&(n=null),typeof o!="function"&&(o=null),(e.__e||(e.__e={}))[t]=n,n&&o||(s=Dt[t]||(Dt[t]=Tn(t)),(e.__a||(e.__a={}))[t]=Ut,i=t!=(t=t.replace(ye,"$1")),(t=t.slice(2))[0]<"a"&&(t=t.toLowerCase()),n?e.addEventListener(t,s,i):e.removeEventListener(t,s,i));else{if(r=="http://www.w3.org/2000/svg")t=t.replace(/xlink(H|:h)/,"h").replace(/sName$/,"s");else if(t!="width"&&t!="height"&&t!="href"&&t!="list"&&t!="form"&&t!="tabIndex"&&t!="download"&&t!="rowSpan"&&t!="colSpan"&&t!="role"&&t!="popover"&&t in e)try{return void(e[t]=n??"")}catch{}if(typeof n=="function")return;n==null||n===!1&&t[4]!="-"?e.removeAttribute(t):e.setAttribute(t,t=="popover"&&n==1?"":n)}}function Tn(e){return function(t){var n=this.__e;if(n){if(n=n[e],t[dt]==null)t[dt]=Ut++;else if(t[dt]<this.__a[e])return;return n(g.event?g.event(t):t)}}}function qt(e,t,n,o,r,i,s,a,p,f){var c,h,_,l,v,w,m,x,d,$,k,It,_e,pt,R,ve,D,j,N=t.type;if(t.constructor!==et)return null;128&n.__u&&(p=32&n.__u,c=n.__c.__z)&&(t.__u|=p,h=i=[],c.nodeType==8?a=ht(c,i):i.push(c),a=i[0]||a),(c=g.__b)&&c(t);t:if(typeof N=="function"){_=s.length;try{if(x=t.props,d=(c=N.prototype)&&c.render,$=(c=N.contextType)&&o[c.__c],k=c?$?$.props.value:c.__:o,(l=n.__c)?(t.__c=l,2&l.__g&&(l.__g|=1)):(d?t.__c=l=new N(x,k):(t.__c=l=new U(x,k),l.constructor=N,l.render=Pn),$&&$.sub(l),l.state||(l.state={}),l.__n=o,l.__g|=8,l.__h=[],l.__k=[]),d&&(l.__s||(l.__s=l.state),N.getDerivedStateFromProps&&(l.__s==l.state&&(l.__s=B({},l.__s)),B(l.__s,N.getDerivedStateFromProps(x,l.__s)))),v=l.props,w=l.state,l.__v=t,n.__c){if(x!==v&&d&&!N.getDerivedStateFromProps&&l.componentWillReceiveProps&&l.componentWillReceiveProps(x,k),t.__v==n.__v&&!(8&l.__g)||!(4&l.__g)&&l.shouldComponentUpdate&&l.shouldComponentUpdate(x,l.__s,k)===!1){t.__v!=n.__v&&(l.props=x,l.state=l.__s,l.__g&=-9),t.__e=n.__e,t.__k=n.__k,t.__k.some(function(T){T&&(T.__=t)}),mt.push.apply(l.__h,l.__k),l.__k=[],l.__h.length&&s.push(l),a=H(n);break t}l.componentWillUpdate&&l.componentWillUpdate(x,l.__s,k),d&&l.componentDidUpdate&&l.__h.push(function(){l.componentDidUpdate(v,w,m)})}else d&&!N.getDerivedStateFromProps&&l.componentWillMount&&l.componentWillMount(),d&&l.componentDidMount&&l.__h.push(l.componentDidMount);l.context=k,l.props=x,l.__P=e,l.__g&=-5,It=g.__r,_e=d?25:0;do l.__g&=-9,It&&It(t),c=l.render(l.props,l.state=l.__s,l.context);while(8&l.__g&&++_e<25);d&&(mt.push.apply(l.__h,l.__k),l.__k=[]),l.state=l.__s,l.getChildContext&&(o=B({},o,l.getChildContext())),d&&n.__c&&l.getSnapshotBeforeUpdate&&(m=l.getSnapshotBeforeUpdate(v,w)),pt=c&&c.type===V&&c.key==null?c.props.children:c,x.__P&&(c=a,r=(e=x.__P).namespaceURI,p=i=null,n.props&&n.props.__P!=e&&(n.__k.some(function(T){T&&jt(T,T)}),n.__k=null),a=n.__k?H(n,0):null),a=ke(e,Ht(pt)?pt:[pt],t,n,o,r,i,s,a,p,f),x.__P&&(t.__e=null,a=c),t.__u&=-161,h&&h.some(W),l.__h.length&&s.push(l),1&l.__g&&(l.__g&=-4)}catch(T){if(s.length=_,t.__v=null,p||i)if(T&&T.then){if(t.__u|=128|p,i){for(~(D=i.indexOf(a||void 0))||(D=i.length);(j=i[D-1])&&j.nodeType==8;)D--;for(;D<i.length;D++)if(j=i[D])if(i[D]=null,R){if(j==ve)break}else{if(j.nodeType!=8)break;j.data.startsWith("$s")&&(ve=ht(R=j))}}if(!R){for(;a&&a.nodeType==8&&a.nextSibling;)a=a.nextSibling;R=a}(c=ht(R=t.__c.__z||(t.__c.__z=R)))?(t.__e=R,a=c):t.__e=a,a=a&&a.nextSibling}else i&&i.some(W);else t.__e=n.__e;t.__k||(t.__k=n.__k||[]),T&&T.then||Me(t),g.__e(T,t,n)}}else a=t.__e=En(n.__e,t,n,o,r,i,s,p,f,e);return(c=g.diffed)&&c(t),a}function ht(e,t){if(e&&e.nodeType==8&&e.data.startsWith("$s"))for(var n=1;e=e.nextSibling;){if(e.nodeType==8){if(e.data.startsWith("$s"))n++;else if(e.data.startsWith("/$s")&&!--n)return e}t&&t.push(e)}}function Me(e){e&&(e.__c&&(e.__c.__g|=4),e.__k&&e.__k.some(Me))}function Ce(e,t,n){for(var o=0;o<n.length;)Rt(n[o++],n[o++],n[o++]);g.__c&&g.__c(t,e),e.some(function(r){try{e=r.__h,r.__h=[],e.some(function(i){i.call(r)})}catch(i){g.__e(i,r.__v)}})}function En(e,t,n,o,r,i,s,a,p,f){var c,h,_,l,v,w,m,x,d=n.props||vt,$=t.props,k=t.type;if(k=="svg"?r="http://www.w3.org/2000/svg":k=="math"?r="http://www.w3.org/1998/Math/MathML":r||(r="http://www.w3.org/1999/xhtml"),i){for(c=0;c<i.length;c++)if((v=i[c])&&(k?v.localName==k:v.nodeType==3)){e=v,i[c]=null;break}}if(!e){if(x=f.ownerDocument||document,!k)return x.createTextNode($);e=x.createElementNS(r,k,$.is?$:f),a&&(g.__m&&g.__m(t,i),a=!1),i=null}if(k){if(f=k=="template"&&e.content||e,i=k=="textarea"&&$.defaultValue!=null?null:i&&Ft.call(f.childNodes),!a&&i)for(d={},c=0;c<e.attributes.length;c++)d[(v=e.attributes[c]).name]=v.value;for(c in d)v=d[c],c=="dangerouslySetInnerHTML"?_=v:c=="children"||c in $||c=="value"&&"defaultValue"in $||c=="checked"&&"defaultChecked"in $||ft(e,c,null,v,r);for(c in $)v=$[c],c=="children"?l=v:c=="dangerouslySetInnerHTML"?h=v:c=="value"?w=v:c=="checked"?m=v:a&&typeof v!="function"||d[c]===v||ft(e,c,v,d[c],r);h?(a||_&&(h.__html==_.__html||h.__html==e.innerHTML)||(e.innerHTML=h.__html),t.__k=[]):(_&&(e.textContent=""),(k=="foreignObject"||r=="http://www.w3.org/1998/Math/MathML"&&kn.test(k))&&(r="http://www.w3.org/1999/xhtml"),ke(f,Ht(l)?l:[l],t,n,o,r,i,s,i?i[0]:n.__k&&H(n,0),a,p),i&&i.some(W)),a&&k!="textarea"||(c="value",k=="progress"&&w==null?e.removeAttribute(c):w==null||w===e[c]&&(k!="progress"||w)||ft(e,c,w,d[c],r),c="checked",m!=null&&m!=e[c]&&ft(e,c,m,d[c],r))}else d===$||a&&e.data==$||(e.data=$);return e}function Rt(e,t,n,o){try{typeof e=="function"?t?t.__x=e(t)||1:o&&(o=o.__c||o.__e)&&(t=o.__x)&&(o.__x=null,typeof t=="function"?t():e(null)):e.current=t}catch(r){g.__e(r,n)}}function jt(e,t,n){var o,r,i,s;if(g.unmount&&g.unmount(e),!(o=e.ref)||o.current&&o.current!=e.__e||Rt(o,null,t,e),o=e.__c){if(o.componentWillUnmount)try{o.componentWillUnmount()}catch(a){g.__e(a,t)}o.__P=o.__n=null}if(o=e.__k)for(s=0;s<o.length;s++)o[s]&&jt(o[s],t,typeof e.type!="function"||n&&!e.props.__P);!n&&(o=e.__c)&&(o=o.__z)&&(r=ht(o,i=[]))&&(o==e.__e&&i.some(W),W(r),W(o)),n||W(e.__e),e.__e=e.__c=e.__=null}function Pn(e,t,n){return this.constructor(e,n)}function Wt(e,t){var n,o,r,i;g.__&&g.__(e,t),t.nodeType==9&&(t=t.documentElement),o=(n=e&&32&e.__u)?null:t.__k,t.__k=tt(V,{children:[e]}),r=[],i=[],qt(t,t.__k,o||vt,vt,t.namespaceURI,o?null:t.firstChild?Ft.call(t.childNodes):null,r,o?o.__e:t.firstChild,n,i),Ce(r,t.__k,i),t.__k.props.children=null}g={__e:function(e,t,n,o){for(var r,i,s;t=t.__;)if((r=t.__c)&&!(1&r.__g)){r.__g|=4;try{if((s=(i=r.constructor)&&i.getDerivedStateFromError)&&r.setState(i.getDerivedStateFromError(e)),r.componentDidCatch&&(r.componentDidCatch(e,o||{}),s=1),s&&8&r.__g)return void(r.__g|=2)}catch(a){e=a}}throw _t=0,e}},xe=0,zt=function(e){return e!=null&&e.constructor===et},U.prototype.setState=function(e,t){var n=this.__s;n&&n!=this.state||(n=this.__s=B({},this.state)),typeof e=="function"&&(e=e(B({},n),this.props)),e&&(B(n,e),this.__v&&(t&&this.__k.push(t),me(this)))},U.prototype.forceUpdate=function(e){this.__v&&(this.__g|=4,e&&this.__h.push(e),me(this))},U.prototype.render=V,z=[],_t=0,be=function(e,t){return e.__v.__b-t.__v.__b},dt=Symbol(),ye=/(PointerCapture)$|Capture$/i,Ut=0,Dt={},$n=0;var ot,C,Bt,Te,An=Object.is,Vt=0,ze=[],Zt=[],S=g,Ee=S.__b,Pe=S.__r,Ae=S.diffed,Ne=S.__c,Oe=S.unmount,Ie=S.__;function Yt(e,t){S.__h&&S.__h(C,e,Vt||t),Vt=0;var n=C.__H||(C.__H={__:[],__h:[]});return e>=n.__.length&&n.__.push({}),n.__[e]}function it(e,t){var n=Yt(ot++,3);!S.__s&&Gt(n.__H,t)&&(n.__P=!0,n.__=e,n.u=t,C.__H.__h.push(n))}function xt(e,t){var n=Yt(ot++,4);!S.__s&&Gt(n.__H,t)&&(n.__P=!1,n.__=e,n.u=t,C.__h.push(n))}function Z(e){return Vt=5,O(function(){return{current:e}},[])}function O(e,t){var n=Yt(ot++,7);return Gt(n.__H,t)&&(n.__=e(),n.__H=t),n.__}function Nn(){var e;do{for(;e=Zt.shift();)try{nt(e)}catch(n){S.__e(n,{__:(e=e.__P)&&e.__v})}for(;e=ze.shift();){var t=e.__H;if(e.__P&&t)try{t.__h.some(nt),t.__h.some(Kt),t.__h=[]}catch(n){t.__h=[],S.__e(n,e.__v)}}}while(Zt.length)}S.__b=function(e){C=null,Ee&&Ee(e)},S.__=function(e,t){e&&t.__k&&t.__k.__m&&(e.__m=t.__k.__m),Ie&&Ie(e,t)},S.__r=function(e){Pe&&Pe(e),ot=0;var t=(C=e.__c).__H;t&&(Bt==C?C.__h=[]:(t.__h.some(nt),t.__h.some(Kt),ot=0),t.__h=[],t.__.some(function(n){n.__N&&(n.__=n.__N),n.u=n.__N=void 0})),Bt=C},S.diffed=function(e){Ae&&Ae(e);var t=e.__c;t&&t.__H&&(t.__H.__h.length&&De(ze.push(t)),t.__H.__.some(function(n){n.u&&(n.__H=n.u)})),Bt=C=null},S.__c=function(e,t){t.some(function(n){try{n.__h.some(nt),n.__h=n.__h.filter(function(o){return!o.__||Kt(o)})}catch(o){n.__h=[function(){throw o}]}}),Ne&&Ne(e,t)},S.unmount=function(e){Oe&&Oe(e);var t,n,o=e.__c;o&&o.__H&&(o.__H.__.some(function(r){try{if(r.__P&&r.__c){if(n===void 0){for(n=e.__;n&&(!n.__c||!n.__c.__P);)n=n.__;n=n&&n.__c}r.__P=n,De(Zt.push(r))}else nt(r)}catch(i){t=i}}),o.__H=void 0,t&&S.__e(t,o.__v))};var Le=typeof requestAnimationFrame=="function";function On(e){var t,n=function(){clearTimeout(o),Le&&cancelAnimationFrame(t),setTimeout(e)},o=setTimeout(n,35);Le&&(t=requestAnimationFrame(n))}function De(e){e!=1&&Te==S.requestAnimationFrame||((Te=S.requestAnimationFrame)||On)(Nn)}function nt(e){var t=C,n=e.__c;typeof n=="function"&&(e.__c=void 0,n()),C=t}function Kt(e){var t=C;e.__c=e.__(),C=t}function Gt(e,t){return!e||e.length!=t.length||t.some(function(n,o){return!An(n,e[o])})}var In=Symbol.for("preact-signals");function $t(){if(I>1)I--;else{var e,t=!1;for((function(){var r=yt;for(yt=void 0;r!==void 0;){var i=r.S;if(i.v===r.v)for(var s=i.t;s!==void 0;s=s.x)s.i===r.i&&(s.i=i.i);r=r.o}})();st!==void 0;){var n=st;for(st=void 0,bt++;n!==void 0;){var o=n.u;if(n.u=void 0,n.f&=-3,!(8&n.f)&&He(n))try{n.c()}catch(r){t||(e=r,t=!0)}n=o}}if(bt=0,I--,t)throw e}}function A(e){if(I>0)return e();Jt=++Ln,I++;try{return e()}finally{$t()}}var rt,y=void 0;function at(e){var t=y,n=rt;y=void 0,rt=void 0;try{return e()}finally{y=t,rt=n}}var st=void 0,I=0,bt=0,Ln=0,Jt=0,yt=void 0,wt=0;function Ue(e){if(y!==void 0){var t=e.n;if(t===void 0||t.t!==y)return t={i:0,S:e,p:y.s,n:void 0,t:y,e:void 0,x:void 0,r:t},y.s!==void 0&&(y.s.n=t),y.s=t,e.n=t,32&y.f&&e.S(t),t;if(t.i===-1)return t.i=0,t.n!==void 0&&(t.n.p=t.p,t.p!==void 0&&(t.p.n=t.n),t.p=y.s,t.n=void 0,y.s.n=t,y.s=t),t}}function M(e,t){this.v=e,this.i=0,this.n=void 0,this.t=void 0,this.l=0,this.W=t?.watched,this.Z=t?.unwatched,this.name=t?.name}M.prototype.brand=In;M.prototype.h=function(){return!0};M.prototype.S=function(e){var t=this,n=this.t;n!==e&&e.e===void 0&&(e.x=n,this.t=e,n!==void 0?n.e=e:at(function(){var o;(o=t.W)==null||o.call(t)}))};M.prototype.U=function(e){var t=this;if(this.t!==void 0){var n=e.e,o=e.x;n!==void 0&&(n.x=o,e.e=void 0),o!==void 0&&(o.e=n,e.x=void 0),e===this.t&&(this.t=o,o===void 0&&at(function(){var r;(r=t.Z)==null||r.call(t)}))}};M.prototype.subscribe=function(e){var t=this;return L(function(){var n=t.value;at(function(){return e(n)})},{name:"sub"})};M.prototype.valueOf=function(){return this.value};M.prototype.toString=function(){return this.value+""};M.prototype.toJSON=function(){return this.value};M.prototype.peek=function(){var e=this;return at(function(){return e.value})};Object.defineProperty(M.prototype,"value",{get:function(){var e=Ue(this);return e!==void 0&&(e.i=this.i),this.v},set:function(e){if(e!==this.v){if(bt>100)throw new Error("Cycle detected");(function(n){I!==0&&bt===0&&n.l!==Jt&&(n.l=Jt,yt={S:n,v:n.v,i:n.i,o:yt})})(this),this.v=e,this.i++,wt++,I++;try{for(var t=this.t;t!==void 0;t=t.x)t.t.N()}finally{$t()}}}});function b(e,t){return new M(e,t)}function He(e){for(var t=e.s;t!==void 0;t=t.n)if(t.S.i!==t.i||!t.S.h()||t.S.i!==t.i)return!0;return!1}function Fe(e){for(var t=e.s;t!==void 0;t=t.n){var n=t.S.n;if(n!==void 0&&(t.r=n),t.S.n=t,t.i=-1,t.n===void 0){e.s=t;break}}}function qe(e){for(var t=e.s,n=void 0;t!==void 0;){var o=t.p;t.i===-1?(t.S.U(t),o!==void 0&&(o.n=t.n),t.n!==void 0&&(t.n.p=o)):n=t,t.S.n=t.r,t.r!==void 0&&(t.r=void 0),t=o}e.s=n}function K(e,t){M.call(this,void 0,t),this.x=e,this.s=void 0,this.g=wt-1,this.f=4}K.prototype=new M;K.prototype.h=function(){if(this.f&=-3,1&this.f)return!1;if((36&this.f)==32||(this.f&=-5,this.g===wt))return!0;if(this.g=wt,this.f|=1,this.i>0&&!He(this))return this.f&=-2,!0;var e=y;try{Fe(this),y=this;var t=this.x();(16&this.f||this.v!==t||this.i===0)&&(this.v=t,this.f&=-17,this.i++)}catch(n){this.v=n,this.f|=16,this.i++}return y=e,qe(this),this.f&=-2,!0};K.prototype.S=function(e){if(this.t===void 0){this.f|=36;for(var t=this.s;t!==void 0;t=t.n)t.S.S(t)}M.prototype.S.call(this,e)};K.prototype.U=function(e){if(this.t!==void 0&&(M.prototype.U.call(this,e),this.t===void 0)){this.f&=-33;for(var t=this.s;t!==void 0;t=t.n)t.S.U(t)}};K.prototype.N=function(){if(!(2&this.f)){this.f|=6;for(var e=this.t;e!==void 0;e=e.x)e.t.N()}};Object.defineProperty(K.prototype,"value",{get:function(){if(1&this.f)throw new Error("Cycle detected");var e=Ue(this);if(this.h(),e!==void 0&&(e.i=this.i),16&this.f)throw this.v;return this.v}});function F(e,t){return new K(e,t)}function Re(e){var t=e.j;if(e.j=void 0,typeof t=="function"){I++;var n=y;y=void 0;try{t()}catch(o){throw e.f&=-2,e.f|=8,Qt(e),o}finally{y=n,$t()}}}function Qt(e){for(var t=e.s;t!==void 0;t=t.n)t.S.U(t);e.x=void 0,e.s=void 0,Re(e)}function Dn(e){if(y!==this)throw new Error("Out-of-order effect");qe(this),y=e,this.f&=-2;try{8&this.f&&Qt(this)}finally{$t()}}function Y(e,t){this.x=e,this.j=void 0,this.s=void 0,this.u=void 0,this.f=32,this.name=t?.name,rt&&rt.push(this)}Y.prototype.c=function(){var e=this.S();try{if(8&this.f||this.x===void 0)return;var t=this.x();typeof t=="function"&&(this.j=t)}finally{e()}};Y.prototype.S=function(){if(1&this.f)throw new Error("Cycle detected");this.f|=1,this.f&=-9,Re(this),Fe(this),I++;var e=y;return y=this,Dn.bind(this,e)};Y.prototype.N=function(){2&this.f||(this.f|=2,this.u=st,st=this)};Y.prototype.d=function(){this.f|=8,1&this.f||Qt(this)};Y.prototype.dispose=function(){this.d()};function L(e,t){var n=new Y(e,t);try{n.c()}catch(r){throw n.d(),r}var o=n.d.bind(n);return o[Symbol.dispose]=o,o}var je,ut,kt,zn=typeof window<"u"&&!!window.__PREACT_SIGNALS_DEVTOOLS__;var We=[];L(function(){je=this.N})();function G(e,t){g[e]=t.bind(null,g[e]||function(){})}function lt(e){if(kt){var t=kt;kt=void 0,t()}kt=e&&e.S()}function Be(e){var t=this,n=e.data,o=P(n);o.name="ReactiveDom",o.value=n;var r=O(function(){for(var a=t,p=t.__v;p=p.__;)if(p.__c){p.__c.__$f|=4;break}var f=F(function(){var l=o.value.value;return l===0?0:l===!0?"":l||""}),c=F(function(){return!Array.isArray(f.value)&&!zt(f.value)}),h=L(function(){if(this.N=Ve,c.value){var l=f.value;a.__v&&a.__v.__e&&a.__v.__e.nodeType===3&&(a.__v.__e.data=l)}}),_=t.__$u.d;return t.__$u.d=function(){h(),_.call(this)},[c,f]},[]),i=r[0],s=r[1];return i.value?s.peek():s.value}Be.displayName="ReactiveTextNode";Object.defineProperties(M.prototype,{constructor:{configurable:!0,value:gt(V,null).constructor},type:{configurable:!0,value:Be},props:{configurable:!0,get:function(){var e=this;return{data:{get value(){return e.value}}}}},__b:{configurable:!0,value:1}});G("__b",function(e,t){if(lt(),ut=void 0,typeof t.type=="string"){var n,o=t.props;for(var r in o)if(r!=="children"){var i=o[r];i instanceof M&&(n||(t.__np=n={}),n[r]=i,o[r]=i.peek())}}e(t)});G("__r",function(e,t){if(e(t),t.type!==V){lt();var n,o=t.__c;o&&(o.__$f&=-2,(n=o.__$u)===void 0&&(o.__$u=n=(function(r,i){var s;return L(function(){s=this},{name:i}),s.c=r,s})((function(r){return function(){var i;zn&&((i=this.y)==null||i.call(this)),r.__$f|=1,r.setState({})}})(o),typeof t.type=="function"?t.type.displayName||t.type.name:""))),ut=o,lt(n)}});G("__e",function(e,t,n,o){lt(),ut=void 0,e(t,n,o)});G("diffed",function(e,t){lt(),ut=void 0;var n;if(typeof t.type=="string"&&(n=t.__e)){var o=t.__np,r=t.props,i=n.U;if(i)for(var s in i){var a=i[s];a===void 0||o&&s in o||(a.d(),i[s]=void 0)}if(o){i||(i={},n.U=i);for(var p in o){var f=i[p],c=o[p];f===void 0?(f=Un(n,p,c,r),i[p]=f):f.o(c,r)}}}e(t)});function Un(e,t,n,o){var r=t in e&&e.ownerSVGElement===void 0,i=b(n);return{o:function(s,a){i.value=s,o=a},d:L(function(){this.N=Ve;var s=i.value.value;o[t]!==s&&(o[t]=s,r?e[t]=s:s!=null&&(s!==!1||t[4]==="-")?e.setAttribute(t,s):e.removeAttribute(t))})}}G("unmount",function(e,t){if(typeof t.type=="string"){var n=t.__e;if(n){var o=n.U;if(o){n.U=void 0;for(var r in o){var i=o[r];i&&i.d()}}}var s=t.__np;if(s){var a=t.props;for(var p in s)a[p]=s[p]}t.__np=void 0}else{var f=t.__c;if(f){f.__$f|=8;var c=f.__$u;c&&(f.__$u=void 0,c.d())}}e(t)});G("__h",function(e,t,n,o){o<3&&(t.__$f|=2),e(t,n,o)});U.prototype.shouldComponentUpdate=function(e,t){if(this.__R)return!0;var n=this.__$u,o=n&&n.s!==void 0;for(var r in t)return!0;if(this.__f||typeof this.u=="boolean"&&this.u===!0){var i=2&this.__$f;if(!(o||i||4&this.__$f)||1&this.__$f)return!0}else if(!(o||4&this.__$f)||3&this.__$f)return!0;for(var s in e)if(s!=="__source"&&e[s]!==this.props[s])return!0;for(var a in this.props)if(!(a in e))return!0;return!1};function P(e,t){return O(function(){return b(e,t)},[])}function Xt(e,t){var n=Z(e);return n.current=e,ut.__$f|=4,O(function(){return F(function(){return n.current()},t)},[])}var Hn=function(e){queueMicrotask(function(){queueMicrotask(e)})};function Fn(){A(function(){for(var e;e=We.shift();)je.call(e)})}function Ve(){We.push(this)===1&&(g.requestAnimationFrame||Hn)(Fn)}var Ke=function(e,t,n,o){var r;t[0]=0;for(var i=1;i<t.length;i++){var s=t[i++],a=t[i]?(t[0]|=s?1:2,n[t[i++]]):t[++i];s===3?o[0]=a:s===4?o[1]=Object.assign(o[1]||{},a):s===5?(o[1]=o[1]||{})[t[++i]]=a:s===6?o[1][t[++i]]+=a+"":s?(r=e.apply(a,Ke(e,a,n,["",null])),o.push(r),a[0]?t[0]|=2:(t[i-2]=0,t[i]=r)):o.push(a)}return o},Ze=new Map;function Ye(e){var t=Ze.get(this);return t||(t=new Map,Ze.set(this,t)),(t=Ke(this,t.get(e)||(t.set(e,t=(function(n){for(var o,r,i=1,s="",a="",p=[0],f=function(_){i===1&&(_||(s=s.replace(/^\s*\n\s*|\s*\n\s*$/g,"")))?p.push(0,_,s):i===3&&(_||s)?(p.push(3,_,s),i=2):i===2&&s==="..."&&_?p.push(4,_,0):i===2&&s&&!_?p.push(5,0,!0,s):i>=5&&((s||!_&&i===5)&&(p.push(i,0,s,r),i=6),_&&(p.push(i,_,0,r),i=6)),s=""},c=0;c<n.length;c++){c&&(i===1&&f(),f(c));for(var h=0;h<n[c].length;h++)o=n[c][h],i===1?o==="<"?(f(),p=[p],i=3):s+=o:i===4?s==="--"&&o===">"?(i=1,s=""):s=o+s[0]:a?o===a?a="":s+=o:o==='"'||o==="'"?a=o:o===">"?(f(),i=1):i&&(o==="="?(i=5,r=s,s=""):o==="/"&&(i<5||n[c][h+1]===">")?(f(),i===3&&(p=p[0]),i=p,(p=p[0]).push(2,0,i),i=0):o===" "||o==="	"||o===`
`||o==="\r"?(f(),i=2):s+=o),i===3&&s==="!--"&&(i=4,p=p[0])}return f(),p})(e)),t),arguments,[])).length>1?t:t[0]}function Ge({model:e,view:t}){return typeof e.send_msg=="function"?qn(e,t):Rn(e)}function qn(e,t){return{key:t,get:n=>e[n],set:(n,o)=>{e[n]=o},send:n=>e.send_msg(n),on:(n,o)=>{n==="message"?e.on("msg:custom",r=>o(r?.data??r)):n==="remove"?e.on("remove",o):e.on(n.replace("change:",""),o)},children:n=>[e.get_child(n)].flat().filter(Boolean),close:()=>{}}}function Rn(e){let t=[];return{key:e,get:n=>e.get(n),set:(n,o)=>{e.set(n,o),e.save_changes()},send:(n,o)=>e.send(n,void 0,o),on:(n,o)=>{n!=="remove"&&(t.push([n==="message"?"msg:custom":n,o]),e.on(...t[t.length-1]))},children:()=>[],close:()=>{for(let[n,o]of t.splice(0))e.off(n,o)}}}function Je(e,t){e.setAttribute("data-lm-suppress-shortcuts","true"),e.replaceChildren(t)}var u=Ye.bind(gt),jn=500,te=class{#t=new Map;#e=new Map;#n=new Set;constructor(t){this.adapter=t,t.on("message",(n,o)=>{A(()=>{for(let r of this.#n)r(n,o)})})}param(t){let n=this.#t.get(t);if(n)return n;let o=b(this.adapter.get(t));return this.#t.set(t,o),this.#o(t,o),o}set(t,n){this.adapter.set(t,n)}send(t,n){this.adapter.send(t,n)}listen(t){return this.#n.add(t),()=>{this.#n.delete(t)}}fill(t,n){if(!n)return void this.#e.delete(t);this.#e.set(t,n);let o=this.adapter.children(t);o.length===n.children.length&&o.every((i,s)=>i===n.children[s])||n.replaceChildren(...o)}attach(){A(()=>{for(let[t,n]of this.#t)n.value=this.adapter.get(t),this.#o(t,n)});for(let[t,n]of this.#e)this.fill(t,n)}report(t,n){let o=`${n instanceof Error?`${n.name}: ${n.message}`:n}`.slice(0,jn);console.error(t,n),this.send({type:"broke",where:t,text:o})}#o(t,n){this.adapter.on(`change:${t}`,()=>{n.value=this.adapter.get(t)})}};function Mt(e,t){xt(()=>e.listen(t),[])}var ee=class extends U{constructor(t){super(t),this.state={failed:!1}}componentDidCatch(t){this.setState({failed:!0}),this.props.host.report(this.props.where,t)}render(){return this.state.failed?u`<div class="broke" role="alert">
      <p>This part of the page does not work any more.</p>
      <button type="button" onClick=${()=>this.setState({failed:!1})}>Show it again</button>
    </div>`:this.props.children}},ne=new WeakMap;function Qe(){let e=document.createElement("div");return e.style.height="100%",e}var St=class{constructor(t,n,o,r){this.adapter=t,this.host=new te(t),this.root=Qe(),this.target=r?this.#t(r):this.root,Wt(u`<${ee} host=${this.host} where=${n}><${o} host=${this.host} /><//>`,this.target),t.on("remove",()=>this.dispose())}attach(){this.host.attach(),this.adapter.on("remove",()=>this.dispose())}dispose(){ne.delete(this.adapter.key),this.adapter.close(),Wt(null,this.target)}#t(t){let n=this.root.attachShadow({mode:"open"}),o=document.createElement("style");o.textContent=t;let r=Qe();return n.append(o,r),r}};function Ct(e,t,{css:n=""}={}){function o(s){let a=Ge(s);return s.view?r(a):i(a,s.el)}function r(s){let a=ne.get(s.key);a&&a.attach();let p=a??new St(s,e,t,"");return ne.set(s.key,p),p.root}function i(s,a){let p=new St(s,e,t,n);return Je(a,p.root),()=>p.dispose()}return{render:o}}var Xe=`:host { display: block; height: 100%; min-height: 0; }
.conversation {
  --soft: var(--mui-palette-text-secondary, #5b6470);
  --line: var(--mui-palette-divider, rgba(0, 0, 0, .12));
  --accent: var(--mui-palette-primary-main, #1c5d99);
  --bad: var(--mui-palette-error-main, #b3261e);
  --warn: var(--mui-palette-warning-main, #9a5b00);
  --good: var(--mui-palette-success-main, #1b6b3a);
  position: relative; height: 100%; min-height: 0; box-sizing: border-box; display: flex; flex-direction: column;
  color: var(--mui-palette-text-primary, #1d2430);
  font: 14px/1.45 var(--mui-font-family, system-ui, "Segoe UI", Roboto, sans-serif);
}
.room { position: relative; flex: 1 1 0; min-height: 0; }
.list {
  height: 100%; overflow-y: auto; box-sizing: border-box;
  padding: 12px 14px 16px; scrollbar-width: thin; scrollbar-gutter: stable;
}
.list:focus-visible, pre:focus-visible, button:focus-visible, summary:focus-visible, input:focus-visible {
  outline: 2px solid var(--accent); outline-offset: 2px;
}
.item { margin: 0 0 8px; overflow-wrap: anywhere; }
.text { white-space: pre-wrap; }
.text.folded { max-height: 14.5em; overflow: hidden; mask-image: linear-gradient(#000 75%, transparent); }
.label { font-size: 11.5px; color: var(--soft); margin-bottom: 1px; display: flex; justify-content: space-between; align-items: center; gap: 8px; min-height: 18px; }
.icon { width: 16px; height: 16px; fill: none; stroke: currentColor; stroke-width: 1.7; stroke-linecap: round; stroke-linejoin: round; flex: none; display: block; }
.heard {
  margin: 16px 0 10px 36px; padding: 8px 12px; border-radius: 12px 12px 3px 12px;
  background: color-mix(in srgb, var(--accent) 13%, transparent);
}
.heard:first-child { margin-top: 0; }
.heard.interim { background: none; box-shadow: inset 0 0 0 1px var(--line); }
.heard.interim .text { color: var(--soft); font-style: italic; }
.heard.meaning-noise .text, .heard.meaning-backchannel .text { color: var(--soft); }
.fate, .link { font-size: 12.5px; color: var(--soft); margin-top: 3px; }
.item.heard.fate-kept > .fate, .item.heard.fate-cancelled > .fate { color: var(--warn); }
.item.heard.fate-replaced > .text { color: var(--soft); }
.choices { display: flex; flex-wrap: wrap; gap: 6px; margin-top: 5px; }
.choices button { min-height: 28px; padding: 2px 10px; font-size: 12.5px; }
.queue { flex: none; max-height: 34%; overflow-y: auto; border-top: 1px solid var(--line); padding: 6px 14px 8px; box-sizing: border-box; }
.queue ol { margin: 0; padding: 0 0 0 20px; }
.queue li { margin: 4px 0; overflow-wrap: anywhere; }
.queue .wish { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; }
.queue .title { font-size: 12.5px; font-weight: 600; margin-bottom: 2px; }
.queue .fate { margin-top: 0; }
.queue .choices { margin-top: 3px; }
.reply .text { border-left: 2px solid var(--accent); padding-left: 10px; }
.note.tone-task .text { color: inherit; font-weight: 600; }
.said, .spoken, .reply { position: relative; padding-right: 28px; }
.said > .copy, .reply > .copy { position: absolute; top: -2px; right: 0; }
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
.outcome .label::first-letter { text-transform: uppercase; }
.outcome.outcome-answered .label { color: var(--soft); }
.outcome.outcome-ended .label, .outcome.outcome-denied .label, .outcome.outcome-undone .label, .outcome.outcome-unclear .label { color: var(--warn); }
.outcome.outcome-failed .label, .outcome.outcome-stopped .label, .outcome.outcome-limit .label, .outcome.outcome-refused .label { color: var(--bad); }
/* Panel has an .error of its own, white on light red, for components that do not compile. */
.item.error {
  border: 1px solid var(--bad); border-left-width: 4px; border-radius: 8px; padding: 9px 12px;
  color: inherit; background: color-mix(in srgb, var(--bad) 7%, transparent);
}
.error .text { font-weight: 600; }
.error .advice { margin-top: 3px; }
.approval, .question { border-radius: 10px; padding: 12px 14px; border: 1px solid var(--line); }
.approval .text, .question .text { font-weight: 600; font-size: 15px; }
.open.approval, .open.question {
  border: 2px solid var(--warn); background: color-mix(in srgb, var(--warn) 10%, var(--mui-palette-background-paper, #fff));
  margin: 0;
}
.dock { flex: 0 1 auto; max-height: 72%; overflow-y: auto; display: flex; flex-direction: column; gap: 8px; box-sizing: border-box; }
.dock.full { padding: 8px 10px 10px; border-top: 1px solid var(--line); }
.countdown { font-variant-numeric: tabular-nums; font-weight: 600; color: var(--mui-palette-text-primary, #1d2430); }
.countdown.soon { color: var(--bad); }
.open .label { color: var(--mui-palette-text-primary, #1d2430); font-weight: 600; }
.verdict { margin-top: 4px; color: var(--soft); }
.buttons { display: flex; flex-wrap: wrap; gap: 8px; margin: 10px 0 6px; }
.buttons .remember { font-weight: 500; }
.hint + .hint { margin-top: 3px; }
.hint { font-size: 12.5px; color: var(--soft); }
button {
  font: inherit; border-radius: 8px; border: 1px solid var(--line); background: var(--mui-palette-background-paper, #fff);
  color: inherit; padding: 7px 16px; cursor: pointer; min-height: 36px;
}
button:disabled { opacity: .55; cursor: default; }
button.copy {
  display: inline-flex; align-items: center; gap: 4px; min-width: 24px; min-height: 24px; padding: 2px 4px; border: 0; border-radius: 6px;
  background: none; color: var(--soft); font-size: 12px; font-weight: 400; opacity: 0;
}
.label .copy { margin: -3px -4px -3px 0; }
.item:hover .copy, .item:focus-within .copy, .copy.told { opacity: 1; }
.copies { display: flex; gap: 8px; margin: 4px 0 0 12px; }
.copies:empty { display: none; }
.copies .copy { opacity: 1; }
button.copy:hover { color: inherit; background: color-mix(in srgb, var(--soft) 14%, transparent); }
@media (hover: none) { button.copy { opacity: 1; } }
button.fold { min-height: 28px; padding: 2px 10px; margin-top: 4px; font-size: 12.5px; }
.search { flex: none; display: flex; align-items: center; gap: 2px; padding: 8px 10px; border-bottom: 1px solid var(--line); }
.search input { flex: 1; min-width: 60px; box-sizing: border-box; font: inherit; color: inherit; background: none; border: 1px solid var(--soft); border-radius: 8px; padding: 6px 10px; }
.search .count { margin-left: 8px; font-size: 12px; color: var(--soft); white-space: nowrap; }
.search button, .finder { display: grid; place-items: center; width: 32px; min-height: 32px; padding: 0; border: 0; background: none; }
.search button:hover:not(:disabled), .finder:hover { background: color-mix(in srgb, var(--soft) 14%, transparent); }
.finder { position: absolute; top: 6px; right: 18px; z-index: 2; color: var(--soft); }
::highlight(sayso-found) { background: #ffd54a; color: #1d2430; }
button.allow { background: var(--accent); border-color: var(--accent); color: var(--mui-palette-primary-contrastText, #fff); font-weight: 600; }
button.deny { font-weight: 600; flex: none; }
.buttons input { flex: 1; min-width: 0; font: inherit; color: inherit; background: none; border: 1px solid var(--soft); border-radius: 8px; padding: 6px 10px; }
.more { position: absolute; left: 50%; bottom: 10px; transform: translateX(-50%); border-radius: 18px; box-shadow: 0 2px 8px rgba(0, 0, 0, .25); z-index: 2; }
.empty { position: absolute; inset: 0; display: flex; flex-direction: column; justify-content: safe center; gap: 8px; padding: 20px; overflow-y: auto; }
.empty h2 { margin: 0; font-size: 19px; font-weight: 600; }
.empty p { margin: 0 0 8px; color: var(--soft); }
.example { text-align: left; font-size: 13.5px; }
.example:hover { border-color: var(--accent); }
[hidden] { display: none !important; }
/* In steps, as the state's dot is. */
@media (prefers-reduced-motion: no-preference) {
  .streaming:last-child .text::after { content: ""; display: inline-block; width: 7px; height: 1em; margin-left: 2px; vertical-align: -2px; background: var(--accent); opacity: .5; animation: pulse 1.1s steps(4) infinite; }
  .action.state-running .mark { animation: pulse 1.1s steps(4) infinite; }
}
@keyframes pulse { 50% { opacity: .15; } }
.papers { margin: 2px 0 0; padding: 0; list-style: none; display: grid; gap: 4px; }
.papers .name { overflow-wrap: anywhere; font-weight: 600; }
.papers .size { color: var(--soft); font-size: 12.5px; white-space: nowrap; }
.papers img { display: block; max-width: 160px; max-height: 110px; margin: 3px 0; border-radius: 5px; border: 1px solid var(--line); }

.back { border-top: 1px solid var(--line); padding-top: 8px; margin-top: 12px; }
.back .label { font-weight: 600; font-size: 13px; }
.back.state-partly .label, .back.state-failed .label, .back.state-cut .label { color: var(--warn); }
button.put-back { margin-top: 6px; padding: 3px 12px; min-height: 30px; font-size: 13px; }
.put-back-dialog {
  /* Above the bar with Stop, which is never covered. */
  inset: 8px 0 var(--bar, 84px); margin: auto; height: fit-content; max-height: calc(100dvh - 8px - var(--bar, 84px));
  box-sizing: border-box; width: min(620px, calc(100vw - 24px)); padding: 0; overflow: hidden; box-shadow: 0 8px 40px rgba(0, 0, 0, .35);
  border: 1px solid var(--line); border-radius: 12px; font: inherit;
  background: var(--mui-palette-background-paper, #fff); color: var(--mui-palette-text-primary, #1d2430);
}
.put-back-dialog:popover-open { display: flex; flex-direction: column; }
.put-back-dialog h2 { font-size: 17px; margin: 0; padding: 14px 18px 8px; }
.put-back-dialog h3 { font-size: 13px; margin: 14px 0 4px; }
.put-back-dialog .body { flex: 1 1 auto; min-height: 0; overflow-y: auto; padding: 0 18px; }
.put-back-dialog .body:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
.put-back-dialog p { margin: 0 0 8px; }
.put-back-dialog .wrong { color: var(--bad); font-weight: 600; }
.put-back-dialog ul { list-style: none; margin: 0 0 8px; padding: 0; border: 1px solid var(--line); border-radius: 8px; }
.put-back-dialog li { padding: 6px 10px; overflow-wrap: anywhere; }
.put-back-dialog li + li { border-top: 1px solid var(--line); }
.put-back-dialog li label { display: flex; gap: 10px; align-items: baseline; cursor: pointer; }
.put-back-dialog .name { font-weight: 600; margin-right: 8px; }
.put-back-dialog .does { color: var(--soft); font-size: 13px; }
.put-back-dialog .created .does { color: var(--bad); }
.put-back-dialog .why { display: block; color: var(--warn); font-size: 13px; }
.put-back-dialog .buttons { flex: none; justify-content: flex-end; margin: 0; padding: 10px 18px 14px; border-top: 1px solid var(--line); }
.put-back-dialog .do { background: var(--accent); border-color: var(--accent); color: var(--mui-palette-primary-contrastText, #fff); }
@media (max-width: 760px) { .dock { max-height: calc(100% - 64px); } .put-back-dialog { --bar: 236px; } }
/* A window at 200 %: part of the conversation stays in sight, and what is asked can be answered without scrolling. */
@media (max-height: 480px) {
  .dock { max-height: 66%; }
  .dock.full { padding: 4px 6px; }
  .open.approval, .open.question { padding: 5px 10px; }
  .open .label { display: none; }
  .open .text { font-size: 14px; line-height: 1.3; max-height: 3.9em; overflow-y: auto; }
  .open .buttons { margin: 5px 0 3px; gap: 5px; }
  .open .buttons button { padding: 3px 9px; min-height: 30px; font-size: 13px; }
  .list { padding: 8px 12px; }
  .put-back-dialog { --bar: 50px; }
  .put-back-dialog h2 { padding: 8px 14px 4px; }
  .put-back-dialog .buttons { padding: 6px 14px 8px; }
}
@media (max-height: 480px) and (max-width: 520px) {
  .dock { max-height: 100%; }
  .put-back-dialog { --bar: 8px; left: 64px; right: 6px; width: auto; } /* Stop is in the rail */
}
`;var J=class{#t=[];#e=!1;constructor(t){this.parts=t}begin(){this.#e||(this.#o(),this.parts.after(()=>this.begin(),400))}hurry(){this.#e||(this.#n(),this.#o())}end(){this.#e=!0,this.#n()}#n(){for(let t of this.#t.splice(0))t.abort()}async#o(){for(;this.#t.length>=this.parts.most;)this.#t.shift()?.abort();let t=new AbortController;this.#t.push(t);try{let n=await this.parts.post(t.signal);if(this.#e)return;this.end(),this.parts.answered(n)}catch{}finally{this.#t=this.#t.filter(n=>n!==t)}}};var Tt="sayso-stop",Bn=3,Vn=600,Zn=4e3,tn=6e5,Et=class{state="none";text="";press=null;#t=null;#e=0;constructor(t){this.parts=t}resume(){let t=Kn(this.parts.store);t?.session&&this.parts.now()-t.since<tn?this.#n(t):this.parts.store.removeItem(Tt)}stop(t){if(this.press)return this.hurry();let{now:n,store:o}=this.parts,r={press:crypto.randomUUID(),since:n(),...t};o.setItem(Tt,JSON.stringify(r)),this.#n(r)}hurry(){this.#t?.hurry()}answered(t){if(!this.press||t.press&&t.press!==this.press.press)return;this.press=null,this.parts.store.removeItem(Tt),this.#t?.end(),this.#t=null,this.#i(t.state,t.text??"");let n=++this.#e;this.parts.after(()=>{n===this.#e&&!this.press&&this.#i("none")},Zn)}#n(t){this.press=t,this.#i("sending"),this.parts.after(()=>{this.press===t&&this.#i("unanswered")},Vn),this.#t=new J({post:n=>this.parts.post(t,n),answered:n=>this.answered(n),after:(n,o)=>this.parts.after(()=>this.#o(t)&&n(),o),most:Bn}),this.#t.begin()}#o(t){return this.press!==t?!1:this.parts.now()-t.since<=tn?!0:(this.answered({state:"refused",text:"The server has not answered for ten minutes."}),!1)}#i(t,n=""){this.state=t,this.text=n,this.parts.changed()}};function Kn(e){try{return JSON.parse(e.getItem(Tt)??"null")}catch{return null}}var Yn=4e3,Gn=2e4,Jn=500,Qn=507,Xn=2;function to(){try{return globalThis.sessionStorage??en()}catch{return en()}}function en(){let e=new Map;return{getItem:t=>e.get(t)??null,setItem:(t,n)=>{e.set(t,n)},removeItem:t=>{e.delete(t)}}}var oe=class{standing="live";since=0;offset=null;shown=()=>({session:globalThis.saysoFrame?.session??"",task:""});#t=new Set;#e=new Set;#n=new Map;#o=new Set;also=()=>{};constructor(){this.stopping=new Et({post:(t,n)=>this.#s(t,{signal:n}),after:(t,n)=>{setTimeout(t,n)},now:()=>Date.now(),store:to(),changed:()=>this.#r()})}get live(){return this.standing==="live"||this.standing==="slow"}get reachable(){return this.live||this.standing==="restoring"}stop(){let{session:t,task:n}=this.shown(),o=this.offset===null?null:(Date.now()+this.offset)/1e3;this.stopping.stop({session:t,task:n,at:o})}deliver(t,n,o=crypto.randomUUID()){if(this.#o.has(o))return Promise.resolve(!0);if(!this.live)return Promise.resolve(!1);let r=this.#i(o,Yn,{hurry:()=>{},alone:!1});return t.send({...n,receipt:o}),r}async say(t,n,o=crypto.randomUUID()){if(this.#o.has(o))return{taken:!0,why:""};if(!this.reachable)return{taken:!1,why:""};let r="",i={session:this.shown().session,id:o,text:n},s=new J({post:h=>this.#a(i,h),answered:h=>this.said(h),after:(h,_)=>{setTimeout(h,_)},most:Xn}),a=h=>{r=h},p=setTimeout(()=>s.begin(),this.live?Jn:0),f=this.#i(o,Gn,{hurry:()=>s.hurry(),alone:!0,refused:a});this.live&&t.send({type:"say",text:n,receipt:o});let c=await f;return clearTimeout(p),s.end(),{taken:c,why:r}}said({id:t,state:n,text:o}){n!=="sent"&&this.#n.get(t)?.refused?.(o??""),this.taken(t,n==="sent")}arrived(t){return this.#o.has(t)}#i(t,n,o){return new Promise(r=>{let i=setTimeout(()=>this.taken(t,!1),n),s=a=>{clearTimeout(i),r(a)};this.#n.set(t,{...o,end:s})})}taken(t,n=!0){n&&this.#o.add(t);let o=this.#n.get(t);this.#n.delete(t),o?o.end(n):n&&this.#r()}hurry(){this.stopping.hurry();for(let{hurry:t}of this.#n.values())t()}watch(t){return this.#t.add(t),()=>{this.#t.delete(t)}}onRestored(t){return this.#e.add(t),()=>{this.#e.delete(t)}}patience(t){let n=new AbortController,o=()=>{clearTimeout(r),this.#e.delete(o),n.abort()},r=setTimeout(o,t);return this.#e.add(o),n.signal}become(t,n){if(!(t===this.standing&&n===this.since)){this.standing=t,this.since=n;for(let[o,{alone:r}]of this.#n)(r?this.reachable:this.live)||this.taken(o,!1);this.#r()}}restored(){for(let t of[...this.#e])t()}#r(){for(let t of[...this.#t])t()}leave(){let{press:t}=this.stopping;t&&this.#s(t,{keepalive:!0}).catch(()=>{})}async#s(t,n){if(t.session||=this.shown().session,!t.session)throw new Error("The page does not know its session yet.");this.also({stop:t});let{press:o,session:r,task:i,at:s}=t;return nn("stop",{press:o,session:r,task:i,at:s},n)}async#a(t,n){this.also({say:t});let{session:o,id:r,text:i}=t;return{id:r,...await nn(`sessions/${o}/say`,{id:r,text:i},{signal:n})}}};async function nn(e,t,n){let o=await fetch(e,{method:"POST",body:JSON.stringify(t),cache:"no-store",...n});if(o.status>=500&&o.status!==Qn)throw new Error(`${o.status}`);return o.json()}var on=globalThis;on.saysoLink??=new oe;var E=on.saysoLink;var eo=48,Pt=class{away=b(!1);#t=!0;#e=0;#n=null;#o=new ResizeObserver(()=>this.#r());attach(t){this.#o.disconnect(),this.#n=t,t?.firstElementChild&&(this.#o.observe(t),this.#o.observe(t.firstElementChild),this.#r())}now(){this.#t=!0,this.#r()}release(){this.#t=!1,requestAnimationFrame(()=>{this.#t=this.#i(),this.#r()})}scrolled(){let t=this.#n;if(!t)return;let n=t.scrollTop<this.#e-1;this.#e=t.scrollTop,this.#i()?this.#t=!0:n&&(this.#t=!1),this.away.value=!this.#i()}#i(){let t=this.#n;return!t||t.scrollHeight-t.scrollTop-t.clientHeight<eo}#r(){let t=this.#n;t&&(this.#t&&(t.scrollTop=t.scrollHeight),this.#e=t.scrollTop,this.away.value=!this.#i())}};var rn="M20 11.500l-8 8a5 5 0 0 1-7-7l8.500-8.500a3.300 3.300 0 0 1 4.700 4.700L9.700 17.200a1.600 1.600 0 0 1-2.300-2.300l7.600-7.600";var no={copy:"M9 9h10v11H9ZM5 15V4h10",check:"M5 12.5l4.500 4.500L19 7.500",search:"M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13ZM15.500 15.500 20 20",close:"M6 6l12 12M18 6 6 18",up:"M6 15l6-6 6 6",down:"M6 9l6 6 6-6",keys:"M3 7h18v10H3ZM6.500 10.500h.010M10 10.500h.010M13.500 10.500h.010M17 10.500h.010M8 14h8",whole:"M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",wide:"M3 5h18v11H3ZM9 20h6M12 16v4",file:"M6 3h8l5 5v13H6ZM14 3v5h5",folder:"M3 6h6l2 2.500h10V19H3Z",clip:rn,paste:"M8 5H5v16h14V5h-3M8 3.500h8v4H8Z",hold:"M9 5v14M15 5v14",go:"M7 4.500v15l12-7.500Z",bell:"M6 16V11a6 6 0 0 1 12 0v5l1.500 2h-15ZM10 20.500h4",speaker:"M4 9.500v5h3.500L12 18.500v-13L7.500 9.500H4ZM15.500 9a4.300 4.300 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11",silent:"M4 9.500v5h3.500L12 18.500v-13L7.500 9.500H4ZM16 9.500l5 5M21 9.500l-5 5",sun:"M12 16.500a4.500 4.500 0 1 0 0-9 4.500 4.500 0 0 0 0 9ZM12 2v2.500M12 19.500V22M2 12h2.500M19.500 12H22M5 5l1.800 1.800M17.200 17.200 19 19M5 19l1.800-1.800M17.200 6.800 19 5",moon:"M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500Z",nobell:"M6 16V11a6 6 0 0 1 12 0v5l1.500 2h-15ZM10 20.500h4M4 4l16 16"};function q({name:e}){return u`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${no[e]} /></svg>`}var ie=b(E.live),oo=b(E.stopping.state);E.watch(()=>A(()=>{ie.value=E.live,oo.value=E.stopping.state}));function an(e){return e<.095?`${Math.max(1,Math.round(1e3*e))} ms`:`${e.toFixed(1)} s`}function ln(e){return new Date(e*1e3).toLocaleTimeString([],{hour:"2-digit",minute:"2-digit",second:"2-digit"})}function un(e){let t=Math.max(0,Math.ceil(e));return`${Math.floor(t/60)}:${String(t%60).padStart(2,"0")}`}var sn=14,io=1200;function cn(e){return e.length>io||e.split(`
`,sn+1).length>sn}var ro={allow:"Allowed",deny:"Denied",void:"No longer asked",timeout:"No answer in time: denied",alternative:"Something else was asked for"},so=5e3;function pn({entry:e,context:t}){return(n,o)=>{if(e.sent.peek())return;let r=crypto.randomUUID(),i=()=>{e.sent.value=""},s=async()=>{if(await E.deliver(t.host,n,r))setTimeout(i,so);else if(E.live)i();else{let a=E.onRestored(()=>{a(),s()})}};e.sent.value=o,s(),t.follow.now()}}function re({entry:e}){return ie.value||!e.sent.value?null:u`<div class="hint" role="status">Not sent yet: there is no connection. Your answer is sent when it is back.</div>`}function fn(e){let{item:t,entry:n,context:o}=e,r=pn(e),i=u`<div class="label">May I?</div><div class="text">${t.text}</div>`;if(t.decision){let p=t.remembered?`Allowed for this session: ${t.grant}`:ro[t.decision]??t.decision;return u`${i}<div class="verdict">${p}</div>`}let s=(p,f=!1)=>r({type:"approve",id:t.id,decision:p,...f&&{remember:f}},p),a=!!n.sent.value;return u`${i}
    <div class="buttons">
      <button type="button" class="allow" disabled=${a} onClick=${()=>s("allow")}>Allow</button>
      <button type="button" class="deny" disabled=${a} onClick=${()=>s("deny")}>Deny</button>
      ${t.grant&&u`<button type="button" class="remember" disabled=${a} aria-describedby=${`grant-${t.id}`}
          onClick=${()=>s("allow",!0)}>Allow for this session</button>`}
    </div>
    <${re} entry=${n} />
    <div class="hint">${t.phrase&&!t.text.includes(t.phrase)&&`Or say \u201C${t.phrase}\u201D. `}
      <${ao} until=${t.until??0} ahead=${o.store.ahead} /></div>
    ${t.grant&&u`<div class="hint grant" id=${`grant-${t.id}`}>For this session: ${t.grant} You can take it back in Settings.</div>`}`}function ao({until:e,ahead:t}){let n=P(Date.now()/1e3);if(it(()=>{if(!e)return;let r=setInterval(()=>{n.value=Date.now()/1e3},250);return()=>clearInterval(r)},[e]),!e)return"It waits until you answer.";let o=e-t.value-n.value;return u`No answer in <span class=${o<15?"countdown soon":"countdown"} role="timer">${un(o)}</span> means no.`}function dn(e){let{item:t,entry:n}=e,o=pn(e),r=u`<div class="label">A question for you</div><div class="text">${t.text}</div>`;if(t.answer!==null)return u`${r}<div class="verdict">${t.answer}</div>`;let i=!!n.sent.value,s=p=>{p.preventDefault();let f=n.draft.peek().trim();f&&o({type:"answer",id:t.id,text:f},f)},a=p=>{n.draft.value=p.currentTarget.value};if(t.yes_or_no){let p=(f,c)=>u`<button type="button" class=${c} disabled=${i} onClick=${()=>o({type:"answer",id:t.id,text:f},f)}>${f}</button>`;return u`${r}<div class="buttons">${p("Yes","allow")}${p("No","deny")}</div><${re} entry=${n} />`}return u`${r}
    <form class="buttons" onSubmit=${s}>
      <input type="text" autocomplete="off" maxlength="4000" aria-label="Your answer" placeholder="Your answer, or say it"
        value=${n.draft} disabled=${i} onInput=${a} />
      <button class="allow" disabled=${i}>Answer</button>
    </form><${re} entry=${n} />`}var lo=1600;async function uo(e){try{return await navigator.clipboard.writeText(e),!0}catch{return co(e)}}function co(e){let t=document.createElement("textarea");t.value=e,t.style.position="fixed",t.style.opacity="0",document.body.append(t),t.select();let n=document.execCommand("copy");return t.remove(),n}function Q({text:e,what:t,children:n}){let o=P("");async function r(){o.value=await uo(e())?"Copied":"The browser did not allow copying",setTimeout(()=>{o.value=""},lo)}let i=o.value||`Copy ${t}`;return u`<button type="button" class=${`copy ${o.value?"told":""}`} title=${i} aria-label=${i} onClick=${r}>
    <${q} name=${o.value==="Copied"?"check":"copy"} />${n}
  </button>`}var po=[["GB",1e9],["MB",1e6],["kB",1e3]];function hn(e){for(let[t,n]of po){if(e<.9995*n)continue;let o=e/n;return`${o<9.95?o.toFixed(1):Math.round(o)} ${t}`}return e===1?"1 byte":`${e} bytes`}var ae="sayso-put-back";function fo(e,t){window.dispatchEvent(new CustomEvent(ae,{detail:{id:e,undo:t}}))}function le({id:e,count:t=0,undo:n=!1}){let o=n?"Undo this":`${t===1?"1 file or folder":`${t} files or folders`} changed in this task`;return u`<button type="button" class="put-back" title=${o} onClick=${()=>fo(e,n)}>
    ${n?"Undo\u2026":"Put the files back\u2026"}</button>`}function _n({host:e,done:t}){let n=Z(null),o=P({id:"",undo:!1}),r=P(null),i=P(""),s=P(!1),a=P(new Set);function p(){r.value=null,a.value=new Set,e.send({type:"put_back_look",id:o.peek().id})}it(()=>{let d=$=>{o.value=$.detail,i.value="",s.value=!1,p(),n.current?.matches(":popover-open")||n.current?.showPopover()};return window.addEventListener(ae,d),()=>window.removeEventListener(ae,d)},[]),Mt(e,({put_back:d})=>{if(d?.id!==o.peek().id)return;let $=s.peek();s.value=!1,d.done?(n.current?.hidePopover(),$&&t()):d.error&&$?(i.value=d.error,p()):d.error?(i.value=d.error,r.value={id:d.id}):r.value=d});function f(){s.value=!0,i.value="",e.send({type:"put_back",id:o.value.id,token:r.value?.token,choose:[...a.value]})}let{ready:c=[],conflicts:h=[],lost:_=[],notes:l=[],counts:v=[0,0,0],refusal:w=""}=r.value??{},m=v[0]+a.value.size,x=o.value.undo?"Undo putting files back":"Put the files back";return u`<div class="put-back-dialog" popover="auto" role="dialog" ref=${n} aria-label=${x}>
    <h2>${x}</h2>
    <div class="body" tabindex="0" role="group" aria-label="What would be done" aria-busy=${r.value===null}>
      ${i.value&&u`<p class="wrong" role="alert">${i.value}</p>`}
      ${w&&u`<p class="wrong" role="alert">${w}</p>`}
      ${r.value===null?u`<p role="status">Looking at the files…</p>`:u`<p role="status">${r.value.summary}</p>`}
      ${c.length>0&&u`<${se} changes=${c} count=${v[0]} />`}
      ${h.length>0&&u`<h3>Changed since: kept unless you choose them</h3>`}
      ${h.length>0&&u`<${se} changes=${h} count=${v[1]} chosen=${a} />`}
      ${_.length>0&&u`<h3>Cannot be put back</h3>`}
      ${_.length>0&&u`<${se} changes=${_} count=${v[2]} />`}
      ${l.map(d=>u`<p class="hint">${d}</p>`)}
      ${r.value?.use&&u`<p class="hint">${r.value.use}</p>`}
    </div>
    <div class="buttons">
      <button type="button" class="do" disabled=${s.value||m===0||!!w} onClick=${f}>
        ${s.value?"Putting back\u2026":ho(m)}</button>
      <button type="button" autofocus onClick=${()=>n.current?.hidePopover()}>${m===0||w?"Close":"Cancel"}</button>
    </div>
  </div>`}function ho(e){return e===0?"Put back":e===1?"Put 1 item back":`Put ${e} items back`}function se({changes:e,count:t,chosen:n}){return u`<ul>
    ${e.map(o=>u`<${_o} key=${o.key} change=${o} chosen=${n} />`)}
    ${t>e.length&&u`<li class="hint">and ${t-e.length} more</li>`}
  </ul>`}function _o({change:e,chosen:t}){let n=u`<span class="name">${e.name}${e.folder?"/":""}</span>${" "}<span class="does">${e.does}</span>
    ${e.why&&u`<span class="why">${e.why}</span>`}`;if(!t)return u`<li class=${e.what}>${n}</li>`;let o=()=>{let r=new Set(t.peek());r.delete(e.key)||r.add(e.key),t.value=r};return u`<li class=${e.what}><label>
    <input type="checkbox" checked=${t.value.has(e.key)} onChange=${o} /><span>${n}</span>
  </label></li>`}var vo=400;function ct(e){return e.kind==="approval"&&!e.decision||e.kind==="question"&&e.answer===null}function ce(e){return e.fate==="after"||e.fate==="kept"}var ue=class{constructor(t){this.id=t.id,this.n=t.n,this.item=b(t),this.open=b(null),this.whole=b(!1),this.draft=b(""),this.sent=b(""),this.drawn=null}},At=class{#t=new Map;entries=b([]);waiting=b([]);queue=b([]);ahead=b(0);trimmed=b(!1);apply({operations:t,reset:n=!1,now:o}){let r=[];return A(()=>{o&&(this.ahead.value=o-Date.now()/1e3);let i=n?[]:[...this.entries.peek()],s=new Set(i);for(let a of t){let p=a.put?this.#e(a.put):this.#n(a);!p||s.has(p)||(s.add(p),mo(i,p),r.push(p.item.peek()))}(n||r.length>0)&&this.#o(i),this.#i()}),r}#e(t){let n=this.#t.get(t.id);n&&(n.item.value=t);let o=n??new ue(t);return this.#t.set(t.id,o),o}#n({append:t="",text:n=""}){let o=this.#t.get(t);return o&&(o.item.value={...o.item.peek(),text:o.item.peek().text+n}),null}#o(t){t.splice(0,Math.max(0,t.length-vo)).length>0&&(this.trimmed.value=!0),this.entries.value=t,this.#t=new Map(t.map(o=>[o.id,o]))}#i(){this.#r(this.waiting,ct),this.#r(this.queue,ce)}#r(t,n){let o=this.entries.peek().filter(i=>n(i.item.peek())),r=t.peek();(o.length!==r.length||o.some((i,s)=>i!==r[s]))&&(t.value=o)}};function mo(e,t){let n=e.length;for(;n>0&&e[n-1].n>t.n;)n-=1;e.splice(n,0,t)}var go={waiting:"next",running:"now",failed:"failed",skipped:"not run"},xo={voice:"You said",typed:"You typed",terminal:"From the terminal",api:"Asked",button:"You pressed"},bo=["state","tone","outcome","speech","meaning","fate"];function yo(e){let t=["item",e.kind,...bo.filter(n=>e[n]).map(n=>`${n}-${e[n]}`)];return e.interim&&t.push("interim"),e.streaming&&t.push("streaming"),ct(e)&&t.push("open"),t.join(" ")}function pe({entry:e,context:t}){let n=e.item.value,o=Po[n.kind]??Nt;return u`<article class=${yo(n)} data-id=${n.id} title=${ln(n.at)}>
    <${o} entry=${e} item=${n} context=${t} />
  </article>`}function X({entry:e,item:t,context:n}){let{text:o,streaming:r}=t,i=!r&&cn(o),s=i&&!e.whole.value;return u`<div class=${s?"text folded":"text"}>${o}</div>
    ${i&&u`<button type="button" class="fold" aria-expanded=${!s} onClick=${()=>{n.follow.release(),e.whole.value=!e.whole.value}}>${s?"Show all":"Show less"}</button>`}`}function Nt(e){return u`<${X} ...${e} />`}function wo(e){let{entry:t,item:n}=e;return u`<div class="label"><span>${xo[n.source??""]??"Heard"}</span>
      ${!n.interim&&u`<${Q} what="what you said" text=${()=>t.item.peek().text} />`}</div>
    <${X} ...${e} />
    ${n.links?.map(o=>u`<div class="link" key=${o}>${o}</div>`)}
    ${n.mark&&u`<div class="fate">${n.mark}</div>`}
    ${!ce(n)&&u`<${fe} entry=${t} context=${e.context} />`}`}function fe({entry:e,context:t}){let{utterance:n,choices:o=[]}=e.item.value;if(o.length===0)return null;let r=i=>t.host.send({type:"fate",id:n,to:i});return u`<div class="choices">
    ${o.map(([i,s])=>u`<button type="button" key=${i} onClick=${()=>r(i)}>${s}</button>`)}
  </div>`}function vn(e){let{entry:t,item:n}=e;return u`<${X} ...${e} />
    ${!n.streaming&&u`<${Q} what="the message" text=${()=>t.item.peek().text} />`}`}function gn(e,t){return{open:e.open.value??t,onToggle:n=>{e.open.value=n.currentTarget.open}}}function $o({entry:e,item:t,context:n}){return u`<details ...${gn(e,!1)}>
    <summary onClick=${()=>n.follow.release()}>Thought</summary><div class="text">${t.text}</div>
  </details>`}function ko({entry:e,item:t,context:n}){let{state:o="",seconds:r=0,output:i,image:s,rule:a,where:p,command:f}=t,c=u`<div class="head">
    <span class="mark"></span><span class="title">${t.title}</span>
    <span class="side">
      ${r>0&&u`<span class="seconds">${an(r)}</span>`}
      ${o!=="done"&&u`<span class="word">${go[o]??o}</span>`}
    </span>
  </div>`,h=a&&u`<div class="where">${a}</div>`;return!i&&!s?u`${c}${h}`:u`<details ...${gn(e,o==="failed")}>
    <summary onClick=${()=>n.follow.release()}>${c}${s&&u`<${mn} item=${t} name="thumb" />`}</summary>
    ${h}
    ${p&&u`<div class="where">in ${p}</div>`}
    <div class="copies">
      ${f&&u`<${Q} what="the command" text=${()=>f}>Command<//>`}
      ${i&&u`<${Q} what="the output" text=${()=>e.item.peek().output??""}>Output<//>`}
    </div>
    ${i&&u`<pre tabindex="0" aria-label="Output">${i}</pre>`}
    ${s&&u`<${mn} item=${t} name="full" />`}
  </details>`}function mn({item:e,name:t}){let[n,o]=e.size??[],r=t==="thumb"?"":`The screen after: ${e.title}`;return u`<img class=${t} loading="lazy" decoding="async" alt=${r} width=${n} height=${o} src=${e.image} />`}function So({item:e}){let t=e.files??[],n=(e.count??0)-t.length,o=new Set(t.map(({path:i})=>i?.slice(0,i.lastIndexOf("/"))||"/")),r=o.size===1?`: ${[...o][0]}`:"";return u`<div class="label"><span>${e.attached?"You attached":`Files came in${r}`}</span></div>
    <ul class="papers">${t.map(i=>u`<li key=${i.name}>
        ${i.image&&u`<img loading="lazy" decoding="async" alt=${`Attached: ${i.name}`} src=${i.image} />`}
        <span class="name" title=${i.path}>${i.name}</span> <span class="size">${hn(i.size)}</span>
        ${i.note&&u`<div class="where">${i.note}</div>`}
      </li>`)}</ul>
    ${n>0&&u`<div class="where">and ${n} more</div>`}`}function Mo(e){let{entry:t,item:n}=e;return u`<div class="label"><span>${n.label}</span>
      ${n.text&&u`<${Q} what="the result" text=${()=>t.item.peek().text} />`}</div>
    ${n.text&&u`<${X} ...${e} />`}
    ${n.changed&&u`<${le} id=${n.task} count=${n.changed} />`}`}var Co={done:"Files put back",partly:"Files put back in part",failed:"No file was put back",cut:"Putting files back was cut off"};function To(e){let{item:t}=e;return u`<div class="label"><span>${Co[t.state??""]??"Files put back"}</span></div>
    <${X} ...${e} />
    ${t.state!=="failed"&&u`<${le} id=${t.task} undo=${!0} />`}`}function Eo(e){let{item:t}=e;return u`<${X} ...${e} />
    ${t.advice&&u`<div class="advice">${t.advice}</div>`}`}var Po={heard:wo,said:vn,spoken:Nt,reply:vn,thinking:$o,progress:Nt,note:Nt,action:ko,approval:fn,question:dn,files:So,outcome:Mo,back:To,error:Eo};var Ao=["text","title","output","advice","command","answer"];function No(e,t){return Ao.some(n=>(e[n]??"").toLowerCase().includes(t))}var Ot=class{open=b(!1);text=b("");at=b(0);constructor(t){this.store=t,this.found=F(()=>this.#t()),this.current=F(()=>this.found.value[this.at.value]??null)}type(t){this.text.value=t,this.at.value=Math.max(0,this.found.value.length-1)}step(t){let n=this.found.value.length;n>0&&(this.at.value=(this.at.value+t+n)%n)}close(){this.open.value=!1,this.text.value=""}#t(){let t=this.text.value.trim().toLowerCase();return!this.open.value||!t?[]:this.store.entries.value.filter(n=>No(n.item.peek(),t))}};function Oo(e){if(!e.text.value.trim())return"";let t=e.found.value.length;return t>0?`${e.at.value+1} of ${t}`:e.store.trimmed.value?"Not among the newest; Replay has all":"Not found"}function yn({search:e}){if(!e.open.value)return null;function t(o){if(o.key==="Enter")e.step(o.shiftKey?1:-1);else if(o.key==="Escape")e.close();else return;o.preventDefault(),o.stopPropagation()}let n=e.found.value.length===0;return u`<div class="search" role="search" data-escape onKeyDown=${t}>
    <input type="search" aria-label="Search in the conversation" placeholder="Search in the conversation" value=${e.text}
      ref=${o=>o?.focus()}
      onInput=${o=>e.type(o.currentTarget.value)} />
    <span class="count" role="status">${Oo(e)}</span>
    <button type="button" aria-label="Earlier" title="Earlier (Enter)" disabled=${n} onClick=${()=>e.step(-1)}><${q} name="up" /></button>
    <button type="button" aria-label="Later" title="Later (Shift+Enter)" disabled=${n} onClick=${()=>e.step(1)}><${q} name="down" /></button>
    <button type="button" aria-label="Close the search" title="Close (Escape)" onClick=${()=>e.close()}><${q} name="close" /></button>
  </div>`}var xn="sayso-found";function wn(e,t,n){return L(()=>{let{current:o,text:r}=e,i=o.value,s=r.value.trim().toLowerCase();if(!i)return void bn([]);n.release(),i.open.value=!0,i.whole.value=!0,requestAnimationFrame(()=>{let a=t()?.querySelector(`[data-id="${CSS.escape(i.id)}"]`);a?.scrollIntoView({block:"center"}),bn(a?Io(a,s):[])})})}function bn(e){"highlights"in CSS&&(e.length===0?CSS.highlights.delete(xn):CSS.highlights.set(xn,new Highlight(...e)))}function Io(e,t){let n=[],o=document.createTreeWalker(e,NodeFilter.SHOW_TEXT);for(let r=o.nextNode();r&&t;r=o.nextNode()){let i=(r.textContent??"").toLowerCase();for(let s=i.indexOf(t);s>=0;s=i.indexOf(t,s+t.length)){let a=document.createRange();a.setStart(r,s),a.setEnd(r,Math.min(s+t.length,r.textContent?.length??0)),n.push(a)}}return n}function de(e,t){return window.addEventListener(`sayso-${e}`,t),()=>window.removeEventListener(`sayso-${e}`,t)}var Lo=["Open the text editor and type hello world.","Create a file called shopping list with the text milk, eggs and bread.","What can I say?"];function he({host:e,bare:t}){let[n,o]=O(()=>[new At,new Pt],[]),r=O(()=>new Ot(n),[]),i=O(()=>({host:e,store:n,follow:o}),[]),s=Z(null);return Mt(e,a=>{if(!a.operations)return;let p=n.apply(a);(a.reset&&!a.again||p.some(f=>Do(f,t)))&&o.now()}),xt(()=>{let a=[E.onRestored(()=>e.send({type:"ready",again:!0})),de("sent",()=>o.now()),de("search",()=>{r.open.value=!0}),wn(r,()=>s.current,o)];return o.attach(s.current),e.send({type:"ready"}),()=>{o.attach(null);for(let p of a)p()}},[]),u`<section class="conversation">
    <${yn} search=${r} />
    ${t&&u`<${jo} search=${r} />`}
    <div class="room">
      <div class="list" role="log" aria-label="Conversation" tabindex="0" ref=${s} onScroll=${()=>o.scrolled()}>
        <${zo} context=${i} />
      </div>
      <${Wo} context=${i} />
      <${Ro} follow=${o} />
    </div>
    <${Fo} context=${i} />
    <${Ho} context=${i} />
    <${_n} host=${e} done=${()=>o.now()} />
  </section>`}function Do({kind:e,source:t},n){return e==="heard"&&(t==="voice"||n)}function zo({context:e}){let t=e.store.entries.value.map(n=>(n.drawn??=u`<${Uo} key=${n.id} entry=${n} context=${e} />`,n.drawn));return u`<div class="flow">${t}</div>`}function Uo({entry:e,context:t}){return Xt(()=>ct(e.item.value)).value?null:u`<${pe} entry=${e} context=${t} />`}function Ho({context:e}){let t=e.store.waiting.value;return u`<div class=${t.length>0?"dock full":"dock"} role="region" aria-label="Waiting for you" aria-live="assertive">
    ${t.map(n=>u`<${pe} key=${n.id} entry=${n} context=${e} />`)}
  </div>`}function Fo({context:e}){let t=e.store.queue.value;return t.length===0?null:u`<section class="queue" aria-label="Still to be done">
    <div class="title">Still to be done</div>
    <ol>
      ${t.map(n=>u`<${qo} key=${n.id} entry=${n} context=${e} />`)}
    </ol>
  </section>`}function qo({entry:e,context:t}){let{text:n,mark:o}=e.item.value;return u`<li>
    <div class="wish" title=${n}>${n}</div>
    <div class="fate">${o}</div>
    <${fe} entry=${e} context=${t} />
  </li>`}function Ro({follow:e}){return e.away.value&&u`<button type="button" class="more" onClick=${()=>e.now()}>↓ newest</button>`}function jo({search:e}){return e.open.value?null:u`<button type="button" class="finder" aria-label="Search in the conversation" title="Search in the conversation" onClick=${()=>{e.open.value=!0}}>
    <${q} name="search" />
  </button>`}function Wo({context:e}){return Xt(()=>e.store.entries.value.length===0).value?u`<div class="empty">
    <h2>What shall I do?</h2>
    <p>Say it or type it. You can cut in at any time.</p>
    ${Lo.map(n=>u`<button type="button" class="example" onClick=${()=>e.host.send({type:"say",text:n})}>${n}</button>`)}
  </div>`:null}function Bo({host:e}){return u`<${he} host=${e} bare=${!1} />`}var mr=Ct("Conversation",Bo);function Vo({host:e}){return u`<${he} host=${e} bare=${!0} />`}var wr=Ct("Conversation",Vo,{css:Xe});export{wr as default};
