"""The page itself: one picture as large as the window lets it, and a line that says when it is not live."""

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>sonoedge</title>
<link rel="icon" href="data:,">
<style>
  html, body { margin: 0; height: 100%; background: #101418; color: #e8eaed; font: 18px/1.4 system-ui, sans-serif }
  body { display: flex; align-items: center; justify-content: center }
  img { width: 100vw; height: 100vh; object-fit: contain }
  img.old { opacity: .35 }
  p { position: fixed; margin: 0; padding: .6em 1.2em; border-radius: .4em; background: #8c1d18; color: #fff }
  [hidden] { display: none }
</style>
<img id="live" alt="Live ultrasound picture with the measured structures drawn on it">
<p id="state" role="status">Waiting for the first picture</p>
<script>
  const live = document.getElementById("live"), state = document.getElementById("state");
  let last = "", ended = true;
  const say = (text) => { state.textContent = text; state.hidden = !text; live.classList.toggle("old", !!text) };
  const ask = async () => {
    try {
      const number = await (await fetch("/number")).text();
      if (ended) live.src = "/stream?" + Date.now();
      say(number === "0" ? "Waiting for the first picture" : number === last ? "No new picture comes" : "");
      [last, ended] = [number, false];
    } catch { say("The run has ended"); ended = true }
  };
  ask(); setInterval(ask, 2000);
</script>
</html>
"""
