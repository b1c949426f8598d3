"""Trains on real handwritten digits, shows the guesses, and explains one of them down to a single multiplication.

`make demo` runs it. Needs no download and no file of yours: the digits come with scikit-learn.
"""

import cutaway as cw
from cutaway.views import text

# 1. Pictures: 1,797 real digits of 8x8 pixels, a fifth held out to judge by.
pictures = cw.read("digits")
held_out = pictures.validation
print(f"{len(pictures):,} handwritten digits; {len(pictures.train):,} to learn from, {len(held_out)} held out\n")

# 2. A net, trained: one record after each epoch.
for epoch in cw.training(pictures, net="digits", epochs=10):
    print(f"epoch {epoch.number:2}   loss {epoch.loss:.3f}   held-out digits right: {epoch.validation_accuracy:.1%}")
    if epoch.best:
        model = epoch.model
print(f"\nthe best epoch:\n{model.evaluate(held_out)}\n")

# 3. Its guesses, and the worst mistake: the held-out digit whose true class got the lowest probability.
probabilities = model.probabilities(held_out.prepared(model.net.preparation).take(range(len(held_out))))
worst = int(probabilities[range(len(held_out)), held_out.labels].argmin())
for number in (0, 1, worst):
    truth = pictures.classes[held_out.labels[number]]
    print(f"{'the worst mistake, ' if number == worst else ''}a {truth}:")
    print(text.map(held_out[number][..., 0]))
    print(text.guesses(model.classes, probabilities[number], top=3), end="\n\n")

# 4. One of them explained: every layer, one number of a feature map, one class's score as votes.
trace = model.trace(held_out[0])
print(text.layers(trace), end="\n\n")
print(text.guesses(model.classes, trace.output.tolist()), end="\n\n")
print(trace["conv2"][3, 4, 5].working(), end="\n\n")
dense = trace.net.output.inputs[0]
print(trace[dense][int(trace.output.argmax())].working(), end="\n\n")

# 5. Every number held against the same computation in float64.
checks = trace.check()
print(f"checked: {sum(check.cells for check in checks):,} numbers in {len(checks)} layers, all within rounding")
