// Goes through the steps of the pictures. All of it is drawn already: a step hides what is deeper and marks the path that leads.
(() => {
  const all = (what) => [...document.querySelectorAll(what)];
  const bar = document.querySelector(".bar");
  const [slider, play] = [bar.querySelector("input"), bar.querySelector(".play")];
  const last = Number(slider.max), EACH_MS = 1100;
  let now = last, timer = 0;

  function show(step) {
    now = Math.min(Math.max(step, 0), last);
    slider.value = now;
    slider.setAttribute("aria-valuetext", `${now} of ${last} levels`);
    for (const one of all("[data-s]")) one.classList.toggle("off", Number(one.dataset.s) > now);
    for (const one of all("[data-l]")) one.classList.toggle("lead", one.dataset.l.split(" ").includes(String(now)));
    for (const one of all("[data-say]")) one.hidden = Number(one.dataset.say) !== now;
  }
  function pause() {
    clearInterval(timer);
    timer = 0;
    play.textContent = "Play";
  }
  function start() {
    if (now === last) show(0);
    play.textContent = "Pause";
    timer = setInterval(() => {
      show(now + 1);
      if (now === last) pause();
    }, EACH_MS);
  }
  function go(step) {
    pause();
    show(step);
  }
  const toggle = () => (timer ? pause() : start());

  function saved(name, address) {
    const link = document.createElement("a");
    [link.download, link.href] = [name, address];
    link.click();
  }
  const source = (picture) =>
    `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(picture))}`;
  async function png() {
    const images = await Promise.all(
      all(".scroll svg").map(async (picture) => {
        const image = new Image();
        image.src = source(picture);
        await image.decode();
        return image;
      }),
    );
    const canvas = document.createElement("canvas"), twice = 2;
    canvas.width = twice * Math.max(...images.map((image) => image.naturalWidth));
    canvas.height = twice * images.reduce((sum, image) => sum + image.naturalHeight, 0);
    let top = 0;
    for (const image of images) {
      canvas.getContext("2d").drawImage(image, 0, top, twice * image.naturalWidth, twice * image.naturalHeight);
      top += twice * image.naturalHeight;
    }
    saved("decode.png", canvas.toDataURL("image/png"));
  }

  play.addEventListener("click", toggle);
  bar.querySelector(".back").addEventListener("click", () => go(now - 1));
  bar.querySelector(".on").addEventListener("click", () => go(now + 1));
  slider.addEventListener("input", () => go(Number(slider.value)));
  bar.querySelector(".png").addEventListener("click", png);
  document.addEventListener("keydown", (event) => {
    const target = event.target.closest("button, input, summary, .scroll");
    if (event.ctrlKey || event.metaKey || event.altKey || (target && target.matches("input, .scroll"))) return;
    const does = { ArrowLeft: () => go(now - 1), ArrowRight: () => go(now + 1), Home: () => go(0), End: () => go(last) };
    if (event.key === " " && !target) does[" "] = toggle;
    if (!does[event.key]) return;
    event.preventDefault();
    does[event.key]();
  });
  bar.querySelector(".png").hidden = self !== top; // a page that this one stands in may forbid to save
  bar.hidden = false;
  show(/^#\d+$/.test(location.hash) ? Number(location.hash.slice(1)) : last);
  if (location.hash === "#play") start();
})();
