import pytest

from vtx_dagster.core.bible import Pronoun
from vtx_dagster.core.shot import Posture
from vtx_dagster.engines.animatic.acting import Aside, acts_in, acts_of
from vtx_dagster.engines.animatic.doings import all_doings


@pytest.fixture
def people(figure):
    return (
        figure("ann", name="ANN", pronoun=Pronoun.SHE),
        figure("ben", name="BEN", pronoun=Pronoun.HE),
        figure("guard", name="OLD GUARD"),
    )


def told(line, people, *asides):
    """Return what a line and asides tell: `who:posture+gesture>partner`, for everybody of whom they tell anything."""
    acts = acts_of(line, people, [Aside(speaker=speaker, text=text) for speaker, text in asides])
    return [
        f"{key}:{act.posture}{'+' * bool(act.gesture)}{act.gesture}{'>' * bool(act.partner)}{act.partner}"
        for key, act in acts.items()
        if act.told
    ]


LINES = {
    "Ann sits.": "ann:sit",
    "Ann sits at the table and writes a letter.": "ann:sit+write",
    "Ann writes, sitting at her desk.": "ann:sit+write",
    "Ann sits and Ben stands.": "ann:sit ben:stand",
    "Ann and Ben dance.": "ann:waltz>ben ben:waltz>ann",
    "Ann dances with Ben.": "ann:waltz>ben ben:waltz>ann",
    "Ann dances alone in the kitchen.": "ann:dance",
    "Ann does not run.": "",
    "Ann wants to run.": "",
    "Ann stops running.": "ann:stand",
    "Ann doesn't sleep.": "",
    "Ben is hit by Ann.": "ann:fight>ben ben:fight>ann",
    "Ann watches Ben sleep.": "ann:stand+look>ben ben:lie+sleep",
    "Ann looks at Ben.": "ann:stand+look>ben",
    "Ann looks at Ben and smiles.": "ann:stand+look>ben",
    "Ann embraces Ben.": "ann:embrace>ben ben:embrace>ann",
    "Ann hugs him.": "ann:embrace>ben ben:embrace>ann",
    "They kiss.": "ann:embrace>ben ben:embrace>ann",
    "She sits down, pours herself a coffee and drinks.": "ann:sit+drink",
    "He runs.": "ben:run",
    "The dog sleeps by the fire.": "",
    "Rain falls on the roof.": "",
    "The door opens. Ann enters.": "ann:walk",
    "ANN sits on the bed. BEN lies next to her, asleep.": "ann:sit ben:lie+sleep",
    "Ann enters, walks to the desk and writes.": "ann:sit+write",
    "Ann sits at the window. She looks out.": "ann:sit+look",
    "Ann reads. Then she looks up at Ben.": "ann:stand+read",
    "Ann drinks. She stands up.": "ann:stand",
    "Ben points a gun at Ann.": "ben:stand+aim>ann",
    "Ann raises her hands.": "ann:stand+hands_up",
    "Ben, 34, sits in the car.": "ben:sit",
    "The old guard falls asleep in his chair.": "guard:lie+sleep",
    "The guard smokes.": "guard:stand+smoke",
    "On the bed lies Ann.": "ann:lie",
    "In the corner, Ben kneels.": "ben:kneel",
    "At the table Ann eats soup.": "ann:sit+eat",
    "Crouching behind the car, Ben aims at the guard.": "ben:crouch+aim>guard",
    "Ann, who cries, hugs Ben.": "ann:embrace+cry>ben ben:embrace>ann",
    "Ben lights a cigarette.": "ben:stand+smoke",
    "Ben runs a hand through his hair.": "",
    "Ann opens the door and runs out.": "ann:run+open_door",
    "Ann tells Ben to sit.": "",
    "Ann helps Ben sit down.": "ben:sit",
    "Ben begins to run.": "ben:run",
    "Ann picks up the phone.": "ann:stand+phone",
    "Ann knocks. Ben opens the door.": "ann:stand+open_door ben:stand+open_door",
    '"Run!" Ann shouts.': "ann:stand+shout",
    "Ben is about to fall.": "",
    "Ann never drinks.": "",
    "Ann waits while Ben types on his laptop.": "ann:stand ben:sit+type",
    "Ann's hands tremble. Ben waves.": "ben:stand+wave",
    "Ben waves to Ann and walks away.": "ben:walk+wave>ann",
    "A waiter runs past. Ann drinks.": "ann:stand+drink",
    "Ann and Ben sit on a bench and eat.": "ann:sit+eat ben:sit+eat",
    "Ann and Ben look at each other.": "ann:stand+look>ben ben:stand+look>ann",
    "Ben falls.": "ben:fall",
    "Ben has fallen asleep.": "ben:lie+sleep",
    "As Ann reads, Ben cooks.": "ann:stand+read ben:stand+cook",
    "Before Ann runs, she drinks.": "ann:stand+drink",
    "Ann looks as if she could sleep.": "",
    "Ann carries a suitcase.": "ann:stand+carry",
    "Everyone dances.": "ann:waltz>ben ben:waltz>ann guard:dance",
    "Ben pushes Ann and she falls.": "ann:fall ben:fight>ann",
    "Close on: Ann, crying.": "ann:stand+cry",
    "Sits down.": "",
    "Ann hands Ben a cup and sits.": "ann:sit+offer>ben",
    "Ann kneels beside Ben, who sleeps.": "ann:kneel>ben ben:lie+sleep",
    "Ann sitzt am Tisch und schreibt einen Brief.": "ann:sit+write",
    "Am Fenster steht Ben und raucht.": "ben:stand+smoke",
    "Ben rennt nicht.": "",
    "Ann est assise et lit une lettre.": "ann:sit+read",
    "Ben ne court pas.": "",
    "Ann se sienta y llora.": "ann:sit+cry",
    "Ben duerme.": "ben:lie+sleep",
    "Ann è seduta e beve un caffè.": "ann:sit+drink",
    "Ann está sentada e lê um livro.": "ann:sit+read",
    "Ben hugs Ann. She cries.": "ann:embrace+cry>ben ben:embrace>ann",
    "He is sitting on the floor, drinking.": "ben:sit_on_ground+drink",
    "The two embrace.": "ann:embrace>ben ben:embrace>ann",
    "Ben sits, his face in his hands.": "ben:sit+cry",
    "Ben crosses his arms.": "ben:stand+cross_arms",
    "Ann walks slowly to the door, phone to her ear.": "ann:walk+phone",
    "Ben could sleep for days but he sits up and reads.": "ben:sit+read",
    "Ann drives through the rain.": "ann:sit+drive",
    "INT. KITCHEN - NIGHT. Ann stirs a pot.": "ann:stand+cook",
    "Ann, exhausted, slumps into a chair and buries her face in her hands.": "ann:sit+cry",
    "Ben leans against the wall, smoking.": "ben:stand+smoke",
    "Ben strides across the lobby, a phone pressed to his ear.": "ben:walk+phone",
    "ANN (30s) runs down the street.": "ann:run",
    "Ann runs. Ben follows.": "ann:run ben:walk",
    "Ben slams his fist on the table.": "",
    "Ann and Ben walk along the beach, hand in hand.": "ann:walk ben:walk",
    "Ann lies in the grass, staring at the sky.": "ann:lie+look",
    "Ben gets up and leaves.": "ben:walk",
    "Ben sits at the bar, nursing a whiskey. Ann enters.": "ann:walk ben:sit",
    "Ann sits across from Ben. He reads the menu.": "ann:sit>ben ben:stand+read",
    "Ben trips over a root and falls.": "ben:fall",
    "Ann takes a sip of wine.": "ann:stand+drink",
    "Ann points at the map.": "ann:stand+point",
    "Ben shouts at the guard.": "ben:stand+shout>guard",
    "Ann kneels down and opens the box.": "ann:kneel",
    "The phone rings. Ben answers it.": "",
    "The phone rings. Ben answers the phone.": "ben:stand+phone",
    "Ben puts his hands up.": "ben:stand+hands_up",
    "Ben, hands in the air, stares at Ann.": "ben:stand+hands_up",
    "Ann draws her gun and aims at Ben. He raises his hands.": "ann:stand+aim>ben ben:stand+hands_up",
    "Ann looks out of the window, smoking a cigarette.": "ann:stand+smoke",
    "The guard and Ben wrestle on the floor.": "ben:fight>guard guard:fight>ben",
    "Ben punches the guard. The guard falls.": "ben:fight>guard guard:fall",
    "Silence. Nobody moves.": "",
    "Ben watches her read.": "ann:stand+read ben:stand+look>ann",
    "Ann sees Ben running.": "ann:stand+look>ben ben:run",
    "Ben tries to open the door. It is locked.": "",
    "He tries to open the door.": "",
    "Ann can't stop crying.": "",
    "Ann is crying.": "ann:stand+cry",
    "Ann is seated at the piano.": "ann:sit",
    "Ben was fired.": "",
    "Ben is carried out by the guard.": "guard:stand+carry>ben",
    "Ann turns to Ben.": "ann:stand+look>ben",
    "Ann sits up in bed.": "ann:sit_in_bed",
    "Ann is in bed, asleep.": "ann:lie+sleep",
    "Ben paces.": "ben:walk",
    "Ann steps out of the car.": "ann:walk",
    "Ann, wearing a red dress, dances.": "ann:dance",
    "While the guard sleeps, Ann opens the gate.": "ann:stand+open_door guard:lie+sleep",
    "Without looking back, Ann walks away.": "ann:walk",
    "Ben waits for Ann to sit.": "ben:stand>ann",
    "Ann asks Ben to read the letter.": "",
    "Ann reads the letter aloud.": "ann:stand+read",
    "Ben throws his arms around Ann.": "ann:embrace>ben ben:embrace>ann",
    "Ann kisses Ben on the cheek.": "ann:embrace>ben ben:embrace>ann",
    "Ann finishes eating and stands up.": "ann:stand",
    "Ann sits and refuses to eat.": "ann:sit",
    "Ben slowly gets to his feet.": "ben:stand",
    "Slowly, Ben gets to his feet.": "ben:stand",
    "A shot. Ben falls.": "ben:fall",
    "We see Ann. She is sleeping.": "ann:lie+sleep",
    "Ann crouches. Ben crouches too.": "ann:crouch ben:crouch",
    "Ann is typing furiously at her computer.": "ann:sit+type",
    "Through the window we see Ben waving.": "ben:stand+wave",
    "Ben sits behind the wheel, eyes on the road.": "ben:sit+drive",
    "A man in a suit runs past Ann.": "",
    "Ann's phone rings. She picks up the phone and walks.": "ann:walk+phone",
    "Nobody sleeps. Ann least of all.": "",
    "Rain. ANN hurries along the quay carrying a suitcase.": "ann:walk+carry",
    "Ben and the old guard drink in silence.": "ben:stand+drink guard:stand+drink",
    "Ann is sitting in an armchair, reading a newspaper. Ben enters with two cups.": "ann:sit+read ben:walk",
    "Ben sits by Ann's bed. She sleeps.": "ann:lie+sleep ben:sit>ann",
    "Ann would rather dance than sit.": "",
    "They sit in silence.": "ann:sit ben:sit guard:sit",
    "Ben enters, sees Ann asleep on the couch and stops.": "ann:lie+sleep ben:stand+look>ann",
    "Er rennt.": "ben:run",
    "Ben sitzt auf dem Bett und weint. Ann umarmt ihn.": "ann:embrace>ben ben:embrace>ann",
    "Ann möchte tanzen.": "",
    "Ann et Ben se battent.": "ann:fight>ben ben:fight>ann",
    "Il tombe.": "ben:fall",
    "Sur le lit, Ann dort.": "ann:lie+sleep",
    "Ella escribe una carta.": "ann:sit+write",
    "Los dos se abrazan.": "ann:embrace>ben ben:embrace>ann",
    "Ben corre por la calle.": "ben:run",
    "Ann guarda Ben.": "ann:stand+look>ben",
    "Ben fuma una sigaretta e beve.": "ben:stand+drink",
    "Ela está sentada no sofá e chora.": "ann:sit+cry",
    "Ann turns on the tap and lets it run.": "",
    "Ann watches him sleep.": "ann:stand+look>ben ben:lie+sleep",
    "Ben lets her read.": "ann:stand+read",
    "On the bed, asleep.": "",
    "Beside him sits Ann.": "ann:sit",
    "Ann drinks. At the window stands a man.": "ann:stand+drink",
    "On the bed lies the guard.": "guard:lie",
    "Ann walks to the desk and writes. She drinks.": "ann:sit+drink",
    "Ann runs. She looks back.": "ann:run+look",
    "Ann enters. With a sigh she reads.": "ann:stand+read",
    "Ann kneels, and with a sigh opens the gate.": "ann:kneel+open_door",
    "Ann sits. The others dance.": "ann:sit ben:waltz>guard guard:waltz>ben",
    "Ann reads, everybody else sleeps.": "ann:stand+read ben:lie+sleep guard:lie+sleep",
    "It's Ben who shouts.": "ben:stand+shout",
    "Ann's sitting on the floor.": "ann:sit_on_ground",
    "He's crying.": "ben:stand+cry",
    "Ben's asleep.": "",
    "Letting the water run, Ann sits.": "ann:sit",
    "Ben hits the brakes.": "ben:sit+drive",
    "Ben shoves the plate aside.": "",
    "Ben shoves Ann.": "ann:fight>ben ben:fight>ann",
    "Ben looks tired.": "",
    "Ann takes the letter before she runs.": "ann:stand+reach",
    "Ann is being kissed by Ben.": "ann:embrace>ben ben:embrace>ann",
    "Ann is watched by nobody.": "",
    "Mr. Ben smokes.": "ben:stand+smoke",
    "Ann (crying) hugs the guard.": "ann:embrace+cry>guard guard:embrace>ann",
    "There sits Ann.": "ann:sit",
    "Ann and, after a while, Ben drink.": "ben:stand+drink",
    "The guard's dog sleeps.": "",
    "Ann's brother runs.": "",
    "Her phone rings. She sits.": "ann:sit",
    "Next to Ben, she sleeps.": "ann:lie+sleep",
    "With a smile she waves at him.": "ann:stand+wave>ben",
    "Old Guard, in uniform, salutes.": "guard:stand+wave",
    "Ann does not sit or sleep.": "",
    "Ann wants to sit and sleep.": "",
    "Ann sits down to eat.": "ann:sit+eat",
    "People dance. Ann drinks.": "ann:stand+drink",
    "Laughing, Ann runs.": "ann:run+laugh",
    "Ben watches Ann and the guard dance.": "ben:stand+look>ann guard:dance",
    "Ann, Ben and the guard run.": "ann:run ben:run guard:run",
    "Ben SMACKS him.": "ben:fight>guard guard:fight>ben",
    "Ben SMACKS Ann, KICKS the guard.": "ann:fight>ben ben:fight>guard guard:fight>ben",
    "Ann is SLAMMED against the wall.": "ann:fall",
    "Ann scrambles out of bed, knocks a coffee mug off the nightstand.": "ann:stand",
    "Ann scrambles over the wall.": "ann:run",
    "Ben knocks a vase over.": "",
    "Ben knocks at the door.": "ben:stand+open_door",
    "Ann glides across the room.": "ann:walk",
    "Ben moves carefully across the open ground.": "ben:walk",
    "Ann strolls along the beach.": "ann:walk",
    "Ben heads for the door.": "ben:walk",
    "Ann wanders through the park.": "ann:walk",
    "Ben patrols the perimeter.": "ben:walk",
    "Ann crosses the street.": "ann:walk",
    "Ben squats.": "ben:crouch",
    "Ann ducks behind the car.": "ann:crouch",
    "Ben levels his rifle at Ann.": "ben:stand+aim>ann",
    "Ben raises his rifle.": "ben:stand+aim",
    "Ann points the gun at Ben.": "ann:stand+aim>ben",
    "Ann steers.": "ann:sit+drive",
    "Ben is at the wheel of the truck.": "ben:sit+drive",
    "Ann floors it.": "ann:sit+drive",
    "Ben steers her to the door.": "ben:walk>ann",
    "Ann drives Ben mad.": "",
    "Ann and Ben high-five.": "ann:high_five>ben ben:high_five>ann",
    "Ann slides into her seat.": "ann:sit",
    "Ben settles into the chair.": "ben:sit",
    "Ann sinks into the sofa.": "ann:sit",
    "Ann takes her seat.": "ann:sit",
    "Ann lies in bed.": "ann:lie",
    "Ben rolls over.": "ben:lie",
    "Ben gets out of bed.": "ben:stand",
    "Ben, head on the desk, snores.": "ben:slump+sleep",
    "Ann falls asleep at her desk.": "ann:slump",
    "Ann shows him the screenshot.": "ann:stand+offer>ben",
    "Ann holds out a letter.": "ann:stand+offer",
    "Ann hands Ben the keys.": "ann:stand+offer>ben",
    "Ann shows up late.": "",
    "Ben takes a photo of Ann.": "ben:stand+photograph>ann",
    "Ben takes a deep breath.": "",
    "Ann types on her phone.": "ann:stand+text",
    "Ann scrolls.": "ann:stand+text",
    "Ann checks her phone.": "ann:stand+text",
    "Ben looks at his phone.": "ben:stand+text",
    "Ben talks on his phone.": "ben:stand+phone",
    "Ann, hands in the air, backs away.": "ann:walk+hands_up",
    "Ann laughs.": "ann:stand+laugh",
    "Ben chuckles and shrugs.": "ben:stand+laugh",
    "Ann whispers to Ben.": "ann:stand+whisper>ben",
    "Ann claps.": "ann:stand+clap",
    "Ben crawls.": "ben:crawl",
    "Ben reaches for the lamp.": "ben:stand+reach",
    "Ann picks up a book and reads.": "ann:stand+read",
    "Ben grabs Ann by the collar.": "ann:fight>ben ben:fight>ann",
    "DINING ROOM": "",
    "Ann walks through the dining room.": "ann:walk",
    "Ann drops the pocket watch.": "",
    "Ann drops the golden watch.": "",
    "Ben runs into the kitchen.": "ben:run",
    "Ben runs into Ann.": "",
    "It hits the guard like a ton of bricks.": "",
    "All the while, a stranger eats.": "",
    "All three run.": "ann:run ben:run guard:run",
    "The rest of the crowd dances. Ann drinks.": "ann:stand+drink",
    "Ann sits, rain falling outside.": "ann:sit",
    "Ann sits as Swan opens fire.": "ann:sit",
    "Ann approaching--also in a mask.": "ann:walk",
    "Ann and Ben, grinning, walk.": "ann:walk+smile ben:walk+smile",
    "Ann smiles.": "ann:stand+smile",
    "Ann smiles and looks at Ben.": "ann:stand+look>ben",
    "Ann waves and smiles.": "ann:stand+wave",
    "With a laugh she waves at him.": "ann:stand+wave>ben",
    "Ann sits, smiling.": "ann:sit+smile",
    "Ann sits, cannons firing outside.": "ann:sit",
    "Ann sits and drinks are waiting.": "ann:sit",
    "Ann sits and nods smiling.": "ann:sit+nod",
    "The men sit. Ann smokes.": "ann:stand+smoke ben:sit guard:sit",
    "The women laugh.": "ann:stand+laugh guard:stand+laugh",
    "We follow Ben away, and as we walk away.": "",
    "Ann and a stranger dance.": "ann:dance",
    "Ben runs a finger along the shelf.": "",
    "Ann slips behind the curtain.": "ann:walk",
    "Ben puts Ann in the passenger seat.": "",
    "Ann, buckled in her seat, sleeps.": "ann:sit+sleep",
    "Ann, Ben, and Bosco stand outside the shop.": "ann:stand ben:stand",
    "Government types sit. Ann smokes.": "ann:stand+smoke",
    "Quick scan: Exit at the far end.": "",
    "Ben stumbles in.": "ben:walk",
    "Ann struggles out of her coat.": "",
    "Ann sits down and goes back into her trance.": "ann:sit",
    "Ann sits down and goes back into the kitchen.": "ann:walk",
    "Ann resumes her seat.": "ann:sit",
    "Ann sits. She stops crying.": "ann:sit",
    "Ann stops talking.": "",
    "Ann stops dancing.": "ann:stand",
    "Ann stops.": "ann:stand",
    "Ben walks with Ann.": "ann:walk ben:walk",
    "Ben sits with the old guard at the bar.": "ben:sit guard:sit",
    "Ann walks with him.": "ann:walk ben:walk",
    "Ann walks with her mother.": "ann:walk",
    "Ann walks with Ben's coat.": "ann:walk>ben",
    "Ann walks with a limp.": "ann:walk",
    "Ann walks with them.": "ann:walk",
    "A wave carries Ben off.": "",
    "Then a rolling, ice-filled wave carries Ben off.": "",
    "Ann enters, followed by Ben.": "ann:walk ben:walk>ann",
    "Ann waits, followed by a stranger.": "ann:stand",
    "Ben pulls her close and hugs her tight.": "ann:embrace>ben ben:embrace>ann",
    "Ben guides his mother to a seat.": "ben:walk",
    "The guard holds Ann back.": "ann:fight>guard guard:fight>ann",
    "Ben keeps punching buttons on the keyboard.": "ben:sit+type",
    "Ann gives him a puzzled grin.": "ann:stand+smile>ben",
    "Ann gives Ben a kiss.": "ann:embrace>ben ben:embrace>ann",
    "Ann nods.": "ann:stand+nod",
    "Ann shakes her head and smiles.": "ann:stand+shake_head",
    "Ann nods and drinks.": "ann:stand+drink",
    "Ann holds the baby.": "ann:stand+hold",
    "Ann holds her breath.": "",
    "Ann sits, still holding the dress, sneaks a look at Ben.": "ann:sit+look>ben",
    "Ann jumps into life.": "",
    "The sound of Ann weeping. Ben drinks.": "ben:stand+drink",
    "Ann notices a large manuscript lying on a dresser.": "ann:stand+look",
    "Ann notices the guard lying there.": "ann:stand+look>guard guard:lie",
    "A young cop, Ben, who has been watching Ann, smokes.": "ben:stand+smoke",
    "Ann hears a burst of laughter. Ben is fighting his tears.": "",
    "Ben holds hands with Ann.": "",
    "Ann dreams of dancing.": "",
    "Ben fishes some change out of his pocket.": "ben:stand+reach",
    "The guard scoops Ann into his arms.": "ann:embrace>guard guard:embrace>ann",
    "Ann pokes her head into the kitchen. A stove sits beside her.": "ann:stand+look",
    "As soon as he's gone she runs.": "ann:run",
    "Ann stumbles around the corner.": "ann:walk",
    "They look at Ben, who waits.": "ann:stand+look>ben ben:stand guard:stand+look>ben",
    "Ben turns to leave.": "ben:walk",
    "Ann throws Ben against the wall.": "ann:fight>ben ben:fight>ann",
    "The limp guard.": "",
    "The car stops. Ann waits.": "ann:stand",
    "The dog runs. Ann sits.": "ann:sit",
    "Leaning on the bar, Ann drinks.": "ann:stand+drink",
    "Ann is dragged away.": "",
    "Ben starts to run.": "ben:run",
    "Ben stops running.": "ben:stand",
    "Der Wind heult, und Ann lacht.": "ann:stand+laugh",
    "Ann hält ihm die Karte hin.": "ann:stand+offer>ben",
    "Ann greift Ben an.": "ann:fight>ben ben:fight>ann",
    "Ann klatscht.": "ann:stand+clap",
    "Ben kriecht.": "ben:crawl",
    "Ann marche vers lui en riant.": "ann:walk+laugh",
    "Ben sort un couteau.": "ben:stand+reach",
    "Ann tend une lettre.": "ann:stand+offer",
    "Ben ríe a carcajadas.": "ben:stand+laugh",
    "Ann apunta con la pistola.": "ann:stand+aim",
    "Ann ridacchia.": "ann:stand+laugh",
    "Ben striscia sotto il letto.": "ben:crawl",
    "Ben se aproxima, fraco mas lúcido.": "ben:walk",
    "Ann atira de novo.": "ann:stand+aim",
    "Ann conduce un coche.": "ann:sit+drive",
}


@pytest.mark.parametrize(("line", "expected"), LINES.items())
def test_who_does_what(people, line, expected):
    assert told(line, people) == expected.split()


def test_of_whom_nothing_is_told_stands_and_whoever_speaks_has_a_gesture(plan, people):
    talk = (("BEN", "Well.", {}), ("OLD GUARD", "No.", {"off_screen": True}))
    acts = acts_in(plan(figures=people, dialogue=talk, action="The rain falls.").drawing)
    assert [acts[key].gesture in all_doings().speaking for key in ("ann", "ben", "guard")] == [False, True, False]
    assert {act.posture for act in acts.values()} == {"stand"}


def test_whoever_sits_and_speaks_sits_on_and_whoever_runs_and_speaks_does_nothing_else(plan, people):
    talk = (("ANN", "Well.", {}), ("BEN", "Run!", {}))
    acts = acts_in(plan(figures=people, dialogue=talk, action="Ann sits. Ben runs.").drawing)
    assert acts["ann"].posture == "sit"
    assert acts["ann"].gesture in all_doings().speaking
    assert (acts["ben"].posture, acts["ben"].gesture) == ("run", "")


def test_names_that_are_words_need_a_capital(figure):
    will, grace = figure("will", name="WILL"), figure("grace", name="GRACE POOLE")
    assert told("They will run.", (will, grace)) == []
    assert told("Will runs.", (will, grace)) == ["will:run"]
    assert told("With grace the dancer runs.", (will, grace)) == []
    assert told("Poole sits. Grace Poole reads.", (will, grace)) == ["grace:sit+read"]


def test_a_word_that_two_names_share_names_neither(figure):
    young, old = figure("young", name="YOUNG MAN"), figure("old", name="OLD MAN")
    assert told("The old man sits. The young man runs. A man sleeps.", (young, old)) == ["young:run", "old:sit"]


def test_a_lone_figure_need_not_be_named(figure):
    assert told("Sits. Writes a letter.", (figure("ann"),)) == ["ann:sit+write"]
    assert told("", (figure("ann"),)) == []
    assert told("Ann sits. They laugh.", (figure("ann", pronoun=Pronoun.SHE),)) == ["ann:sit+laugh"]
    assert told("Ann hugs him.", (figure("ann", pronoun=Pronoun.SHE),)) == ["ann:embrace"]


def test_they_is_one_person_or_several(figure):
    kim, ann = figure("kim", pronoun=Pronoun.THEY), figure("ann", pronoun=Pronoun.SHE)
    assert told("Kim enters. They sit.", (kim, ann)) == ["kim:sit"]
    assert told("Ann enters. They sit.", (kim, ann)) == ["kim:sit", "ann:sit"]
    assert told("Kim and Ann enter. They sit.", (kim, ann)) == ["kim:sit", "ann:sit"]


def test_pronouns_of_people_of_whom_nothing_is_known(figure):
    mo, jo = figure("mo"), figure("jo")
    assert told("Mo enters. Jo sits. He reads.", (mo, jo)) == ["mo:walk", "jo:sit+read"]
    assert told("He reads.", (mo, jo)) == []


def test_the_longest_action_is_read_in_no_time(people):
    acts = acts_of("Ann runs and sits, and Ben, who is " * 3000 + ". Ann sleeps.", people)
    assert acts["ann"].gesture == "sleep"


ASIDES = {
    "laughing": "ben:stand+laugh",
    "LAUGHS": "ben:stand+laugh",
    "nervous laugh": "ben:stand+laugh",
    "half laughing": "ben:stand+laugh",
    "with a laugh": "ben:stand+laugh",
    "smiling": "ben:stand+smile",
    "almost smiling": "",
    "crying": "ben:stand+cry",
    "pointing at the door": "ben:stand+point",
    "sits down": "ben:sit",
    "then, standing up": "ben:stand",
    "a beat; then he sits": "ben:sit",
    "into phone": "ben:stand+phone",
    "whispering": "ben:stand+whisper",
    "aside to Ann, whispering": "ben:stand+whisper",
    "shouting": "ben:stand+shout",
    "eating": "ben:sit+eat",
    "reading": "ben:stand+read",
    "hands in the air": "ben:stand+hands_up",
    "hugging Ann": "ann:embrace>ben ben:embrace>ann",
    "as Ann sits": "ann:sit",
    "en riant": "ben:stand+laugh",
    "à voix basse": "ben:stand+whisper",
    "lachend": "ben:stand+laugh",
    "setzt sich": "ben:sit",
    "riendo": "ben:stand+laugh",
    "ridendo": "ben:stand+laugh",
    "chorando": "ben:stand+cry",
    "apontando a arma": "ben:stand+aim",
    "to Ann, cheerful": "",
    "beat": "",
    "V.O.": "",
    "CONT'D": "",
    "off her look": "",
    "trying not to laugh": "",
    "": "",
}


@pytest.mark.parametrize(("text", "expected"), ASIDES.items())
def test_an_aside_tells_of_the_speaker(people, text, expected):
    assert told("", people, ("ben", text)) == expected.split()


def test_he_is_none_of_those_at_whom_he_looks(figure):
    people = [figure(name.lower(), name=name, pronoun=Pronoun.HE) for name in ("BEN", "TOM")]
    people.append(figure("mom and dad", name="MOM AND DAD"))
    assert told("Ben smokes. He looks at Ben.", people) == ["ben:stand+smoke", "tom:stand+look>ben"]
    assert told("Mom and Dad wait.", people) == ["mom and dad:stand"]


@pytest.mark.parametrize(
    ("line", "text", "expected"),
    [
        ("Ben sits.", "laughing", "ben:sit+laugh"),
        ("Ben walks.", "laughing", "ben:walk+laugh"),
        ("Ben sits.", "standing up", "ben:sit"),
        ("Ben cries.", "laughing", "ben:stand+cry"),
        ("Ben looks at Ann.", "laughing", "ben:stand+laugh"),
        ("Ben drinks.", "sitting down", "ben:sit+drink"),
        ("Ben walks.", "typing", "ben:walk"),
        ("Ann sits.", "laughing", "ann:sit ben:stand+laugh"),
    ],
)
def test_what_the_action_line_tells_wins_over_an_aside(people, line, text, expected):
    assert told(line, people, ("ben", text)) == expected.split()


def test_parentheticals_and_brackets_within_speech_of_who_is_on_screen_are_read(plan, people):
    talk = (
        ("ANN", "Well.", {"parenthetical": "laughing"}),
        ("BEN", "Rubbish! (pointing the gun) Out! (I run this.)", {}),
        ("OLD GUARD", "No.", {"parenthetical": "crying", "off_screen": True}),
        ("A STRANGER", "Yes.", {"parenthetical": "crying"}),
    )
    acts = acts_in(plan(figures=people, dialogue=talk).drawing)
    assert [(act.posture, act.gesture) for act in acts.values()][:2] == [("stand", "laugh"), ("stand", "aim")]
    assert not acts["guard"].told


def test_the_language_of_an_aside_is_that_of_the_speech(people):
    def gesture(text, speech):
        return acts_of("", people, [Aside(speaker="ben", text=text, speech=speech)])["ben"].gesture

    assert gesture("ride", "Che cosa vuoi?") == "laugh"
    assert gesture("ride", "What do you want?") == ""
    assert gesture("lacht", "Du bist verrückt!") == "laugh"


@pytest.fixture
def soldiers(figure):
    return tuple(figure(f"s{number}", name=f"IDF SOLDIER {number}") for number in (1, 2, 3))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("The soldiers crouch.", "s1:crouch s2:crouch s3:crouch"),
        ("Soldiers run.", "s1:run s2:run s3:run"),
        ("Three IDF SOLDIERS move carefully across open ground.", "s1:walk s2:walk s3:walk"),
        ("The soldiers crouch. One raises his rifle. Another of them sits.", "s1:crouch+aim s2:sit s3:crouch"),
        ("The soldiers crouch. One day a stranger runs.", "s1:crouch s2:crouch s3:crouch"),
        ("One sits. Soldier 2 runs.", "s2:run"),
        ("All of a sudden IDF Soldier 1 sits.", "s1:sit"),
    ],
)
def test_a_plural_is_everybody_with_that_name(soldiers, line, expected):
    assert told(line, soldiers) == expected.split()


@pytest.mark.parametrize(
    ("names", "line"),
    [
        (("POLICEMAN 1", "POLICEMAN 2"), "The policemen run."),
        (("LADY 1", "LADY 2"), "The ladies run."),
        (("SOLDAT 1", "SOLDAT 2"), "Die Soldaten rennen."),
        (("TV 1", "TV 2"), "TV 1 and TV 2 run."),
    ],
)
def test_plurals_of_several_kinds(figure, names, line):
    pair = tuple(figure(f"p{number}", name=name) for number, name in enumerate(names))
    assert told(line, pair) == ["p0:run", "p1:run"]


def test_kelly_is_no_adverb(figure):
    pair = (figure("kelly", name="KELLY"), figure("jamie", name="JAMIE"))
    assert told("Kelly and Jamie sit.", pair) == ["kelly:sit", "jamie:sit"]


def test_one_man_is_not_the_men(figure):
    pair = (figure("ann", pronoun=Pronoun.SHE), figure("ben", pronoun=Pronoun.HE))
    assert told("The men run. The women sit.", pair) == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("", ("sit", ""), id="nothing is told"),
        pytest.param("Ann drinks.", ("sit", "drink"), id="a gesture"),
        pytest.param("Ann runs.", ("run", ""), id="a posture"),
    ],
)
def test_a_posture_of_the_shots_before_holds_until_another_is_told(plan, figure, line, expected):
    seated = figure("ann", name="ANN", pronoun=Pronoun.SHE).model_copy(update={"posture": Posture.SIT})
    act = acts_in(plan(figures=(seated,), action=line).drawing)["ann"]
    assert (act.posture, act.gesture) == expected


@pytest.mark.parametrize(
    ("place", "interior", "posture"), [("vehicle", True, "sit"), ("train", True, "sit"), ("room", True, "stand")]
)
def test_in_cars_and_trains_people_sit(plan, place, interior, posture):
    (act,) = acts_in(plan(place=place, interior=interior).drawing).values()
    assert act.posture == posture


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("A beat as Ben sobs into ANN's shoulder.", "ann:embrace>ben ben:embrace>ann", id="a beat is no blow"),
        pytest.param("Ben waits, seeing the old guard. He crawls on.", "ben:crawl", id="he goes on"),
        pytest.param("Ann looks around. Ben rounds the corner.", "ann:stand+look ben:walk", id="rounds a corner"),
    ],
)
def test_who_does_the_last_thing_goes_on(people, line, expected):
    assert told(line, people) == expected.split()
