"""Tell how people ask, in English, German, French, Spanish and Italian, by closed lists of words.

The lists hold folded words (`harness.scoring.wording`): no accents, lower case, phrases by space.
What no list knows counts as content, so that an unknown language is judged by its slots' words.
"""

from __future__ import annotations

from typing import Final


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _phrases(text: str) -> tuple[str, ...]:
    """Return phrases between spaces, so that they are found whole in words between spaces."""
    return tuple(f" {phrase} " for phrase in text.split("|"))


PICKS: Final = _listed("""
    which whose wieviel wieviele welche welcher welches welchen welchem wessen worauf wohin
    quel quelle quels quelles lequel laquelle lesquels lesquelles combien
    cual cuales cuanto cuanta cuantos cuantas quale quali quanto quanta quanti quante
""")
"""Question words that ask for one definite thing, wherever in a sentence they stand."""

PICKS_IN_FRONT: Final = _listed("""
    when where who whom wann wo wer wen wem quand qui où cuando donde quien quando dove chi
""")
"""The same, where they open a part of a sentence; further back they are conjunctions."""

OPEN_IN_FRONT: Final = _listed("what why how was wie warum pourquoi comment quoi qué como cosa")
"""Question words that ask for anything."""

OPEN_AT_FIRST: Final = _listed("que che")
"""The same, where nothing but a preposition comes before; else they are conjunctions."""

PREPOSITIONS: Final = _listed("a di de da in con per por para en su sur")

HOW: Final = _listed("how wie")

MEASURES: Final = _listed("""
    much many far high long low big large warm hot cold old often late early soon fast tall deep
    viel viele hoch weit lange lang warm heiss kalt gross oft alt spat
""")
"""What makes them definite."""

ALTERNATIVES: Final = _listed("or oder ou o u oppure")

TAILS: Final = _phrases(
    "or not|or no|oder nicht|oder nein|ou non|ou pas|o no|oppure no|or cancel|or stop|or wait"
)
"""What makes no second candidate."""

CONSENT: Final = _phrases(
    "shall i|shall we|should i|should we|may i|can i|could i|do you want me|would you like me"
    "|want me to|are you sure|is it ok if|is it okay if|do you confirm|can you confirm|ready to"
    "|soll ich|sollen wir|darf ich|kann ich|mochten sie dass ich|mochtest du dass ich"
    "|willst du dass|sind sie sicher|bist du sicher"
    "|dois je|puis je|est ce que je|voulez vous que|veux tu que|souhaitez vous que|je peux|je dois"
    "|quieres que|quiere que|desea que|deseas que|puedo|debo|procedo|confirmas|confirma"
    "|vuoi che|vuole che|desidera che|posso|devo|conferma|confermi"
)
"""How one asks for a yes."""

TAGS: Final = _phrases(
    "ok|okay|right|alright|correct|yes|agreed|is that ok|is that okay|is that right|is that correct"
    "|is that fine|is that alright|is this ok|is this okay|does that work|sounds good"
    "|ja|oder|richtig|einverstanden|ist das ok|ist das okay|ist das in ordnung|ist das richtig"
    "|passt das|d accord|ca vous va|ca te va|c est bon|est ce correct|c est d accord"
    "|vale|de acuerdo|esta bien|te parece bien|le parece bien|es correcto"
    "|va bene|giusto|e corretto|le va bene|ti va bene"
)
"""What turns a statement into a plea for a yes."""

SEQUENCE: Final = _phrases(
    "then|after that|afterwards|dann|danach|anschliessend|puis|ensuite|luego|despues|poi|dopo"
)
"""What joins the steps of a plan."""

REQUESTS: Final = _phrases(
    "tell me|let me know|give me|i need|i would need|like to know|need to know|please provide"
    "|please specify|please enter|please choose|please pick|please select|please name|please state"
    "|nenne mir|nenn mir|nennen sie|sag mir|sagen sie mir|gib mir|geben sie|teilen sie mir"
    "|teile mir|ich brauche|ich benotige|bitte wahlen|bitte nennen|bitte angeben"
    "|dites moi|dis moi|indiquez|indique|donnez moi|donne moi|precisez|choisissez|j ai besoin"
    "|il me faut|indiqueme|indicame|digame|dime|deme|dame|elija|elige|necesito"
    "|mi dica|dimmi|mi indichi|indicami|mi dia|dammi|scelga|scegli|mi serve|ho bisogno"
)
"""How one asks without a question."""

EVERYTHING: Final = _phrases(
    "all details|all the details|all information|all the information|everything you"
    "|alle angaben|alle details|alle informationen|toutes les informations|tous les details"
    "|todos los datos|todos los detalles|tutti i dettagli|tutte le informazioni"
)

FIRST_PERSON: Final = _listed("i we ich wir je nous yo nosotros io noi")
DEFINITE: Final = _listed(
    "the this that there it das der die es le la les il el los las lo gli un une"
)

INVERTED: Final = _listed("""
    can could do does did is are would will should may have has kann kannst konnen konnten konntest
    ist sind hast haben soll mochten pouvez pourriez peux peut est puede puedes podria podrias es
    puo puoi potrebbe potresti e
""")
"""Verbs that open a question where another part of the sentence states something."""

FINITE: Final = _listed("""
    is are was were be will can has have must needs ist sind wird werden kann hat muss
    est sont sera seront peut a doit es son sera puede tiene debe e sono sara puo ha deve
""")
"""Verbs that make a sentence which opens with an article a statement."""

PLAIN: Final = _listed("""
    a about again all am an and any anything are as at be bit but by can clear could d did didn do
    does don else exactly few for from further get give go got had happy have hear help hi hello how
    i if in information is it its just kind know let like little ll m may me mean meant might more
    moment my need no not now of oh ok okay on once one ones or our please precise precisely provide
    question quite re really request s sense shall should so some something sorry sort specific
    specify such sure t tell than thank thanks that the their them then there these thing things
    this those to understand unsure up us ve want was we were what when where which who will wish
    with would yes you your clarify clarification elaborate rephrase detail explain context
    aber also als am an auf auch aus bei bist bitte da danke das dass dein deine dem den denn der
    des die doch du ein eine einen einer er es etwas fur ganz gemeint genau genauer gern gerne gut
    habe haben hat helfen ich ihm ihn ihr ihre ihnen im in ist ja kann kannst klar klarer konnen
    konnten machen man mehr mein meinen meinst meint mich mir mit mochte mochten mochtest nicht noch
    nun nur oder sagen sein sich sie sind so soll sollen tun um und uns von was welche welchen
    welcher welches wer werden wie wir wird wissen wollen wunschen zu zum zur erklaren erlautern
    prazisieren verstanden verstehe angaben anfrage frage sache details
    afin ai aider au aux avec avez bien c ca ce cela ces cette chose comment d dans de demande des
    dire dois du elle en est et etes etre eu expliquer faire faut il j je l la le les leur lequel
    lui ma mais me merci mes moi mon n ne nous on ou par pas peu peut peux plait plus pour pourrais
    pourriez pouvez preciser puis qu que quel quelle qui quoi s sa se si souhaitez sur te ton tu un
    une veux vos votre voulez vous vouloir clarifier precisions
    a al algo aclarar aclararlo ayudar como con concretar concreto cosa cual cuales dar de del
    desea deseas detalles e el ella en entiendo es esa ese eso esta este esto explicar exactamente
    favor gracias ha hacer informacion la las le les lo los mas me mi mas necesito no nos o para
    pedir pero por puede puedes podria podrias pregunta que qué quiere quieres quiso refiere
    refieres se ser si sobre solicitud su te tu un una usted ustedes y ya
    aiutare alla anche bene c che chi chiarire chiarirlo ci come cosa cui da dettagli devo di dire
    dirmi e ed essere favore fare gli grazie ha ho i il in informazioni intende intendi io l la le
    lei lo ma meglio mi mio ne non o per piu potrebbe potresti puo puoi qual quale quali richiedere
    sapere scusi se si sia sono spiegare su tratta tu un una vorrebbe vuoi vuole specificare
""")
"""Words that say nothing about what is asked for."""
