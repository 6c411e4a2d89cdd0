"""Cells whose controls do all sorts of things that a page without a kernel can do as well."""

HEAD = (
    "import ipywidgets as W\nfrom ipywidgets import interact, interact_manual\n"
    "from IPython.display import display"
)

INTERACT = "@interact(x=(0, 4), y=False)\ndef f(x, y):\n    print(x, y)"
APART = (
    "a = W.IntSlider(description='a', max=9); la = W.Label()\n"
    "a.observe(lambda c: setattr(la, 'value', str(a.value)), 'value')\n"
    "b = W.IntSlider(description='b', max=6); lb = W.Label()\n"
    "b.observe(lambda c: setattr(lb, 'value', str(b.value)), 'value')\nW.VBox([a, la, b, lb])"
)
CHAIN = (
    "p = W.IntSlider(description='p', max=4); q = W.IntSlider(description='q', max=8)\n"
    "r = W.Label()\n"
    "p.observe(lambda c: setattr(q, 'value', 2 * p.value), 'value')\n"
    "q.observe(lambda c: setattr(r, 'value', f'q is {q.value}'), 'value')\nW.VBox([p, q, r])"
)
CITIES = (
    "D = {'fr': ['Paris', 'Lyon', 'Nice'], 'it': ['Rome', 'Pisa']}\n"
    "co = W.Dropdown(options=list(D), description='country')\n"
    "ci = W.Dropdown(options=D['fr'], description='city'); h = W.HTML()\n"
    "def update(c): ci.options = D[co.value]\n"
    "def show(c): h.value = f'{co.value}/{ci.value}'\n"
    "co.observe(update, 'value'); ci.observe(show, 'value'); show(None); W.VBox([co, ci, h])"
)
PAGES = (
    "t = W.Tab([W.Label('one'), W.IntSlider(max=2)], titles=['A', 'B'])\n"
    "acc = W.Accordion([W.Label('in')], titles=['C']); which = W.Label()\n"
    "def page(c): which.value = f'{t.selected_index} {acc.selected_index}'\n"
    "t.observe(page, 'selected_index'); acc.observe(page, 'selected_index')\n"
    "W.VBox([t, acc, which])"
)
BUTTONS = (
    "s = W.IntSlider(description='s', max=4); up = W.Button(description='up'); v = W.Label()\n"
    "def raise_it(_): s.value = min(s.value + 1, s.max)\n"
    "up.on_click(raise_it); go = W.Button(description='go')\n"
    "go.on_click(lambda _: setattr(v, 'value', f'went at {s.value}')); W.VBox([s, up, go, v])"
)
DYNAMIC = (
    "@interact(w=(1, 3))\ndef many(w):\n"
    "    display(W.HBox([W.Label(f'{w} {i}') for i in range(w)]))"
)
HIDDEN_BOX = (
    "more = W.Checkbox(description='more'); box = W.VBox([]); extra = W.Label('extra')\n"
    "more.observe(lambda c: setattr(box, 'children', (extra,) if more.value else ()), 'value')\n"
    "W.VBox([more, box])"
)
RANGES = (
    "@interact(r=W.IntRangeSlider(min=0, max=3, value=(1, 2)), m=W.ToggleButtons(options='abc'))\n"
    "def ranges(r, m): print(r, m)"
)
PLOT = (
    "%matplotlib inline\nimport matplotlib.pyplot as plt\n"
    "@interact(k=(1, 3))\ndef plot(k):\n    plt.figure(figsize=(1, 1)); plt.plot([0, k])\n"
    "    plt.show()"
)

PLAYER = (
    "pl = W.Play(max=5, description='play'); ps = W.IntSlider(max=5, description='ps')\n"
    "W.jslink((pl, 'value'), (ps, 'value')); pv = W.Label()\n"
    "ps.observe(lambda c: setattr(pv, 'value', str(ps.value)), 'value'); W.HBox([pl, ps, pv])"
)
CLAMP = (
    "cl = W.IntSlider(max=6, description='even'); cv = W.Label()\n"
    "def even(c):\n    cl.value -= cl.value % 2\n    cv.value = str(cl.value)\n"
    "cl.observe(even, 'value'); W.VBox([cl, cv])"
)
MANY = (
    "sm = W.SelectMultiple(options='abc')\n"
    "sr = W.SelectionRangeSlider(options='abcd', index=(0, 1))\n"
    "log = W.FloatLogSlider(max=1, step=0.5); seen = W.Output()\n"
    "@seen.capture(clear_output=True, wait=True)\n"
    "def look(c): print(sm.value, sr.value, log.value)\n"
    "for each in (sm, sr, log): each.observe(look, 'value')\nW.VBox([sm, sr, log, seen])"
)
NESTED = (
    "@interact(size=(2, 4))\ndef outer(size):\n"
    "    print('size', size)\n"
    "    @interact(part=(1, size), loud=False)\n"
    "    def inner(part, loud):\n"
    "        print(('PART' if loud else 'part'), part, 'of', size)"
)
WITHIN_PAGES = (
    "i1 = W.IntSlider(max=5, description='i1'); h1 = W.HTML()\n"
    "i2 = W.ToggleButtons(options=['low', 'high'], description='i2'); h2 = W.HTML()\n"
    "def tell(c): h1.value = f'<b>{i1.value}</b>'\n"
    "def tell_more(c): h2.value = f'<i>{i2.value} {i1.value}</i>'\n"
    "i1.observe(tell, 'value'); i1.observe(tell_more, 'value'); i2.observe(tell_more, 'value')\n"
    "tabs = W.Tab([W.VBox([i1, h1]), W.HBox([i2, h2])], titles=['First', 'Second'])\n"
    "W.VBox([tabs, W.Accordion([W.Label('in the drawer')], titles=['Drawer'])])"
)
FIGURE = (
    "import bqplot as bq, numpy as np\n"
    "xs, ys = bq.LinearScale(), bq.LinearScale(min=-3, max=3)\n"
    "where = np.linspace(0, 6, 30)\n"
    "curve = bq.Lines(x=where, y=np.sin(where), scales={'x': xs, 'y': ys}, animate=False)\n"
    "dots = bq.Scatter(x=[1, 2, 3], y=[0, 0, 0], scales={'x': xs, 'y': ys})\n"
    "figure = bq.Figure(marks=[curve, dots], title='Waves', animation_duration=0,\n"
    "    layout=W.Layout(width='500px', height='350px'))\n"
    "high = W.FloatSlider(min=0.5, max=2.5, step=0.5, value=1, description='high')\n"
    "often = W.IntSlider(min=1, max=4, description='often')\n"
    "colour = W.Dropdown(options=['steelblue', 'firebrick'], description='colour')\n"
    "def draw(c):\n"
    "    curve.y = high.value * np.sin(often.value * where)\n"
    "    dots.y = [high.value, 0, -high.value]\n"
    "def paint(c):\n    curve.colors = [colour.value]\n"
    "high.observe(draw, 'value'); often.observe(draw, 'value'); colour.observe(paint, 'value')\n"
    "W.VBox([figure, high, often, colour])"
)
CURVES = (
    "%matplotlib inline\nimport matplotlib.pyplot as plt, numpy as np\n"
    "@interact(power=(1, 4), log=False, style=['-', '--', ':'])\n"
    "def curves(power, log, style):\n"
    "    figure, axes = plt.subplots(figsize=(4, 3))\n"
    "    xs = np.linspace(1, 5, 40)\n"
    "    axes.plot(xs, xs ** power, style)\n"
    "    axes.set_yscale('log' if log else 'linear')\n"
    "    axes.set_title(f'Power {power}')\n"
    "    plt.show()"
)
FORMULAS = (
    "import pandas as pd\n"
    "@interact(rows=(1, 4), digits=(0, 3))\n"
    "def table(rows, digits):\n"
    "    numbers = [(n, n ** 2 / 7) for n in range(1, rows + 1)]\n"
    "    display(pd.DataFrame(numbers, columns=['n', 'value']).round(digits))\n"
    "    display(W.HTMLMath(f'$$\\\\sum_{{n=1}}^{{{rows}}} \\\\frac{{n^2}}{{7}}$$'))\n"
    "degree = W.IntSlider(min=1, max=5, description='degree')\n"
    "formula = W.HTMLMath('$x$')\n"
    "def write(c):\n"
    "    cells = ''.join(f'<td>$x^{{{n}}}$</td>' for n in range(degree.value))\n"
    "    formula.value = f'<table><tr>{cells}</tr></table>'\n"
    "degree.observe(write, 'value'); W.VBox([degree, formula])"
)
INPUTS = (
    "b1 = W.BoundedIntText(min=0, max=6, value=2, description='b1')\n"
    "b2 = W.BoundedFloatText(min=0, max=2, step=0.5, value=1, description='b2')\n"
    "s1 = W.SelectionSlider(options=['cold', 'warm', 'hot'], description='s1')\n"
    "r1 = W.RadioButtons(options=['sum', 'product'], description='r1')\n"
    "g1 = W.ToggleButton(description='g1'); f1 = W.FloatRangeSlider(max=2, step=0.5)\n"
    "bar = W.FloatProgress(max=12); v1 = W.Valid(value=True); answer = W.Label()\n"
    "def work_out(c):\n"
    "    both = (b1.value, b2.value)\n"
    "    number = sum(both) if r1.value == 'sum' else both[0] * both[1]\n"
    "    bar.value = number; v1.value = number < 5\n"
    "    answer.value = f'{number:.1f}'\n"
    "def say(c): words.value = f'{s1.value} {g1.value} {f1.value[0]}..{f1.value[1]}'\n"
    "words = W.HTML()\n"
    "for each in (b1, b2, r1): each.observe(work_out, 'value')\n"
    "for each in (s1, g1, f1): each.observe(say, 'value')\n"
    "W.VBox([b1, b2, r1, bar, v1, answer, s1, g1, f1, words])"
)
