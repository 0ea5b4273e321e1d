"""Proof that the sandbox speaks Entra's dialect: PyPI's msal, unmodified, signs in at it, renews, and sends a mail.

msal is a third reading of Microsoft's pages, by Microsoft: where it and the sandbox agree, neither was made to fit our
own client. Only the authority and the CA are told to it.

Environment: SANDBOX_TLS_URL (https://localhost:8791), SANDBOX_CA (.postbode/sandbox/ca.pem), SANDBOX_CLIENT_ID,
SANDBOX_CLIENT_SECRET, SANDBOX_REDIRECT_URI (http://localhost:8787/callback), SANDBOX_TENANT (bakkerijjansen.example).
Exit status 0 when all of it holds.
"""

import base64
import json
import os
import sys
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

import msal
import requests

GRAPH = ["https://graph.microsoft.com/User.Read", "https://graph.microsoft.com/Mail.Send"]
SMTP = ["https://outlook.office.com/SMTP.Send"]
USER = "facturen@bakkerijjansen.example"


class Forms(HTMLParser):
    """The forms of a page: where they go, their hidden fields, their buttons by element id."""

    def __init__(self, page):
        super().__init__()
        self.forms = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self.forms.append({"action": attrs["action"], "fields": {}, "ids": {}})
        elif tag in ("input", "button") and self.forms:
            form = self.forms[-1]
            if attrs.get("type") == "hidden":
                form["fields"][attrs["name"]] = attrs.get("value", "")
            if "id" in attrs:
                form["ids"][attrs["id"]] = (attrs.get("name"), attrs.get("value", ""))


def press(browser, page, button, **typed):
    """Submits the form with this button, as a browser without JavaScript does."""
    for form in Forms(page.text).forms:
        if button in form["ids"]:
            name, value = form["ids"][button]
            fields = {**form["fields"], **typed, **({name: value} if name else {})}
            return browser.post(urljoin(page.url, form["action"]), data=fields, allow_redirects=False)
    raise AssertionError(f"no #{button} on {page.url}:\n{page.text}")


def answer_of(response):
    assert response.status_code == 302, f"{response.status_code}: {response.text}"
    return dict(parse_qsl(urlsplit(response.headers["Location"]).query))


def check(condition, what, seen=None):
    if not condition:
        print(f"FAILED  {what}: {seen!r}")
        sys.exit(1)
    print(f"ok      {what}")


def main():
    origin = os.environ.get("SANDBOX_TLS_URL", "https://localhost:8791")
    ca = os.environ.get("SANDBOX_CA", ".postbode/sandbox/ca.pem")
    tenant = os.environ.get("SANDBOX_TENANT", "bakkerijjansen.example")
    redirect_uri = os.environ.get("SANDBOX_REDIRECT_URI", "http://localhost:8787/callback")
    # requests prefers this variable to `verify`, so a machine that sets it would not see our CA.
    os.environ["REQUESTS_CA_BUNDLE"] = ca
    browser = requests.Session()
    browser.verify = ca
    app = msal.ConfidentialClientApplication(
        os.environ["SANDBOX_CLIENT_ID"],
        client_credential=os.environ["SANDBOX_CLIENT_SECRET"],
        authority=f"{origin}/{tenant}",
        instance_discovery=False,  # it asks Microsoft which hosts are Microsoft's
        verify=ca,
    )

    # Consent for both resources at once, code for the first (the fact sheet's 6.4). `prompt` makes the page appear in
    # the second run against the same sandbox, too.
    flow = app.initiate_auth_code_flow(GRAPH + SMTP, redirect_uri=redirect_uri, prompt="consent")
    check("code_challenge_method=S256" in flow["auth_uri"], "msal uses PKCE", flow["auth_uri"])
    page = browser.get(flow["auth_uri"])
    page = press(browser, page, "account-facturen")
    page = press(browser, page, "sign-in", password="brood")
    back = answer_of(press(browser, page, "accept"))
    result = app.acquire_token_by_auth_code_flow(flow, back, scopes=GRAPH)
    check("access_token" in result, "the code becomes tokens", result)
    check(result["id_token_claims"]["preferred_username"] == USER, "the id_token names the account", result)
    check(2000 <= len(result["access_token"]) <= 3000, "the access token has real size", len(result["access_token"]))
    check("https://graph.microsoft.com/Mail.Send" in result["scope"], "Mail.Send was granted", result["scope"])

    again = app.acquire_token_by_authorization_code(back["code"], GRAPH, redirect_uri=redirect_uri)
    check(again.get("error_codes") == [54005], "a code works once", again)

    # Renewal: from the cache, then by force, then with a refresh token of one's own.
    account = app.get_accounts(username=USER)[0]
    cached = app.acquire_token_silent(GRAPH, account)
    check(cached["access_token"] == result["access_token"], "msal's cache understood scope and lifetime")
    renewed = app.acquire_token_silent(GRAPH, account, force_refresh=True)
    check(renewed and renewed["access_token"] != result["access_token"], "a forced refresh gives a new token", renewed)
    by_hand = app.acquire_token_by_refresh_token(result["refresh_token"], GRAPH)
    check("access_token" in by_hand, "the old refresh token still works", by_hand)
    check(by_hand["refresh_token"] != result["refresh_token"], "and gives a new one")

    # The other resource, from the same consent.
    smtp = app.acquire_token_silent(SMTP, account)
    check(smtp and "access_token" in smtp, "the refresh token serves Exchange too", smtp)
    refused = browser.get(f"{origin}/v1.0/me", headers={"Authorization": f"Bearer {smtp['access_token']}"})
    check(refused.status_code == 401, "whose token Graph refuses", refused.text)

    # One mail.
    token = {"Authorization": f"Bearer {renewed['access_token']}"}
    me = browser.get(f"{origin}/v1.0/me", headers=token).json()
    check(me["mail"] == USER, "/me tells the mailbox", me)
    subject = "Factuur 4711 – " + os.urandom(4).hex()
    content = base64.b64encode(b"%PDF-1.7 nearly").decode()
    message = {
        "subject": subject,
        "body": {"contentType": "HTML", "content": "<p>Met vriendelijke groet</p>"},
        "toRecipients": [{"emailAddress": {"address": "klant@example.com", "name": "Klant"}}],
        "attachments": [{
            "@odata.type": "#microsoft.graph.fileAttachment", "name": "factuur.pdf",
            "contentType": "application/pdf", "contentBytes": content,
        }],
    }
    sent = browser.post(f"{origin}/v1.0/me/sendMail", headers=token, json={"message": message})
    check((sent.status_code, sent.text) == (202, ""), "Graph takes the mail", (sent.status_code, sent.text))
    mails = [mail for mail in browser.get(f"{origin}/inbox.json").json() if mail["subject"] == subject]
    check(len(mails) == 1 and mails[0]["from"]["address"] == USER, "it is in the inbox", json.dumps(mails))
    file = browser.get(urljoin(origin, mails[0]["attachments"][0]["url"]))
    check(file.content == b"%PDF-1.7 nearly", "with its attachment", file.content)

    # A second sign-in in the same browser shows no page at all.
    flow = app.initiate_auth_code_flow(GRAPH, redirect_uri=redirect_uri)
    silent = answer_of(browser.get(flow["auth_uri"], allow_redirects=False))
    check("access_token" in app.acquire_token_by_auth_code_flow(flow, silent), "consent and session are remembered")

    # Cancel, with msal's own reading of it.
    flow = app.initiate_auth_code_flow(GRAPH, redirect_uri=redirect_uri, prompt="consent")
    back = answer_of(press(browser, browser.get(flow["auth_uri"]), "cancel"))
    expected = {"error": "access_denied", "error_subcode": "cancel", "state": flow["state"]}
    check(back == expected, "cancel says exactly what Entra says", back)
    check(app.acquire_token_by_auth_code_flow(flow, back)["error"] == "access_denied", "and msal understands it")


if __name__ == "__main__":
    main()
