"""Pages as people meet them: a real server, a real browser, and on the counter a real reader agent with a card in a virtual reader.

    def test_…(chromium, town):
        with Window(chromium, town, language="en") as window:
            window.sign_in(town.hire(Role.CLERK))
            window.follow("/console/people/new")
            window.fill(document_number=…, name=…)
            window.send("/console/people")
            window.seen("person")       # nothing serious for axe, nothing wider than the window, at three sizes

Every window watches what its pages do: a request to another host, a script's error, a breach of the content policy, or a page that was
not `seen` is a failure when the window closes. With PAGE_PICTURES=folder each page that is seen is kept there as pictures.

Debian packages: chromium, fonts-wqy-microhei, pcscd, vsmartcard-vpcd. Without them these tests fail and say so.
"""
