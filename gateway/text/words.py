"""Words that tell languages in Latin script apart in chat: function words first, then the small
talk of fans and creators. Written by hand for this project. Accents are folded, as people leave
them out; a word of several languages counts less for each."""

from __future__ import annotations

WORDS = {
    "en": """
        the a an and or but if so of to in on at for from with without by as is are was were be
        been am i you he she it we they me him her us them my your his our their its this that
        these those what who when where why how which do does did done don't doesn't didn't can
        can't could would should will won't have has had not no yes yeah yep nope just like love
        really very too much more many some any all every about out up down over into than then
        there here now today tonight tomorrow yesterday morning night day week time good great
        nice best bad new old first last please thanks thank thx sorry hello hi hey bye guys
        everyone anyone someone nothing something know think want need make made get got getting
        go going gonna wanna gotta come coming see look watch watching play playing stream live
        game song video chat message friend friends people man bro dude girl boy lol lmao omg
        wtf idk tbh imo btw pls plz u ur y'all i'm i'll i've it's that's let's you're we're
        they're what's there's isn't aren't because cause cool awesome amazing happy sad feel
        feeling hope miss still never always again back off only other even well work home food
        recipe cook cooking workout gym fuck fucking shit kill yourself stupid idiot hate ok
        okay keep take tell said say try help call send follow check soon later talk talking
        question drop dropped stay safe welcome join starting ready drink water eat favorite
        favourite album track guess happened anything maybe sure right left way thing things big
        little long hard easy fun funny beautiful pretty looks being
        """,
    "fr": """
        le la les un une des du de d' l' j' c' n' s' m' t' qu' au aux et ou mais si donc car que
        qui quoi dont quand comment pourquoi combien je tu il elle on nous vous ils elles me te
        se moi toi lui leur leurs mon ton son ma ta sa mes tes ses notre nos votre vos ce cet
        cette ces ca cela est suis es sommes etes sont etait etais sera serai etre avoir ai as a
        avons avez ont avait fait faire fais va vais vas vont aller peux peut pouvez veux veut
        voulez dois doit sais sait vois voir dit dire pas ne plus jamais rien tout tous toute
        toutes tres trop bien mal bon bonne bons mieux avec sans pour par sur sous dans chez
        entre vers depuis pendant apres avant aussi encore deja toujours maintenant aujourd'hui
        demain hier soir matin jour semaine heure heures fois temps oui non ouais merci bonjour
        bonsoir salut coucou bisous svp stp desole pardon mec meuf gens monde ami amis amie
        copain frere soeur jeu jeux partie musique chanson cuisine recette regarde regarder joue
        jouer live direct mdr ptdr jsp jpp tkt wesh genre grave ouf kiffe adore aime aimes
        j'aime j'ai c'est t'es t'as n'est qu'il qu'on d'un d'une s'il y'a y en meme peu beaucoup
        vraiment super genial cool beau belle nouveau nouvelle premier derniere petit grand con
        connard salope merde putain gueule nul nulle deteste tuer parle parler viens venez vient
        ici la-bas quel quelle quelqu'un chose truc faut besoin envie hate content contente
        question reponse message abonne abonnes abonnez rendez-vous lundi mardi mercredi jeudi
        vendredi samedi dimanche ensemble courage gros bises bientot commence dors manger mange
        boire eau sport seance sante
        """,
    "es": """
        el la los las un una unos unas de del al y o u pero si que quien cual cuando donde como
        porque por para con sin sobre entre hasta desde yo tu usted ella nosotros vosotros
        ustedes ellos ellas me te se lo le les nos os mi mis tus su sus nuestro nuestra este
        esta estos estas ese esa eso esto aquel es soy eres somos son era fue ser estar estoy
        estamos estan haber he has ha hemos han hay hacer hago haces hace hecho ir voy vas va
        vamos van ven venga puedo puedes puede quiero quieres quiere tengo tienes tiene tenemos
        saber sabes decir dime digo ver veo mira mirad no nunca siempre nada algo todo todos
        toda todas muy mas menos mucho mucha muchos muchas poco bien mal bueno buena buenos
        buenas mejor peor tambien tampoco ya aun todavia ahora hoy manana ayer noche tarde dia
        dias semana hora horas vez gracias hola adios porfa favor perdon tio tia amigo amigos
        amiga chicos chicas gente mundo jugar juego juegos partida musica cancion cocina receta
        directo jaja jajaja jajajaja xd wey guey che vale claro genial guay chido mola gusta
        gustan encanta amo odio tonto tonta idiota mierda puta puto gilipollas matar callate
        cabron nuevo nueva primera primero ultimo pregunta respuesta mensaje espero esperando
        verdad creo pienso siento bonito bonita hermoso guapo guapa feliz triste casa trabajo
        comer comida agua juntos aqui alli cosa cosas tiempo quereis teneis podeis estais sois
        vuestra cuanto cuanta lunes martes miercoles jueves viernes sabado domingo saludos besos
        abrazo suerte
        """,
    "de": """
        der die das den dem des ein eine einen einem einer eines und oder aber wenn weil dass ob
        als wie wer was wann wo warum wieso wohin woher welche welcher ich du er sie es wir ihr
        mich dich sich uns euch mir dir ihm ihnen mein meine meinen dein deine deinen sein seine
        unser unsere euer eure ihre ist bin bist sind seid war warst waren hab habe hast hat
        haben hatte wird werde werden wirst kann kannst konnen konnte will willst wollen muss
        musst mussen soll sollte darf mag mochte machen mach mache macht gemacht gehen geh geht
        ging komm kommt kommen sehen seht sehe schau schaut spielen spiel spielt spiele nicht
        kein keine keinen nie immer nichts etwas alles alle viel viele wenig mehr sehr zu gut
        gute guter guten besser schlecht schon noch nur auch doch mal jetzt heute morgen gestern
        abend nacht tag tage woche uhr zeit ja nein nee danke bitte hallo hi hey tschuss leute
        freund freunde freundin mit ohne fur von vom aus bei nach vor uber unter zwischen zum
        zur im am in an auf um bis seit dann dort hier da weg wieder ganz echt voll geil krass
        alter digga lieb liebe lieben hasse hass dumm idiot scheisse arsch fick halt maul bring
        umbringen toten neu neue neuen erste letzte frage antwort nachricht warte freue glaube
        denke weiss wissen sagen sagt sag musik lied kochen rezept essen wasser haus arbeit
        zusammen gerade eigentlich vielleicht naturlich genau los schreib schreibt schonen
        schones wochenende montag dienstag mittwoch donnerstag freitag samstag sonntag spass
        gluck geht's gibt's bisschen einfach wunsche hoffe lass
        """,
    "it": """
        il lo la gli le un uno una di del della dei delle da dal in nel nella con su sul per tra
        fra e o ma se che chi cosa quando dove come perche io tu lui lei noi voi loro mi ti si
        ci vi mio mia miei tuo tua suo sua nostro vostro questo questa questi quello quella sono
        sei siamo siete era essere ho hai ha abbiamo avete hanno avere fare faccio fai fa andare
        vado vai va andiamo posso puoi puo voglio vuoi vuole devo devi so sai non piu mai niente
        tutto tutti molto troppo bene male bello bella buono buona anche ancora gia sempre
        adesso ora oggi domani ieri sera notte giorno grazie ciao prego scusa ragazzi amico
        amici gente gioco giocare musica canzone ricetta stasera dai allora cazzo merda stronzo
        bravo brava grande nuovo nuova domanda sto stai stiamo c'e e' dell' nell' all'
        """,
    "pt": """
        o os as um uma uns umas de do da dos das em no na nos nas ao com sem por pelo pela para
        pra e ou mas se que quem qual quando onde como porque eu tu voce voces ele ela eles elas
        me te meu minha meus seu sua nosso nossa este esta isso isto esse essa aquele sou es
        somos sao era foi ser estar estou estamos estao tenho tem temos ter haver fazer faco faz
        ir vou vai vamos vao posso pode quero quer sei sabe nao sim nunca sempre nada tudo todos
        muito muita mais menos bem mal bom boa melhor tambem ja ainda agora hoje amanha ontem
        noite dia obrigado obrigada oi ola tchau galera gente amigo amigos jogo jogar musica
        receita kkkk kkkkk mano cara legal adoro gosto porra merda novo nova pergunta
        """,
    "nl": """
        de het een en of maar als dat die dit deze wat wie wanneer waar waarom hoe welke ik jij
        je hij zij ze wij we jullie u mij me jou hem haar ons hen mijn jouw zijn onze hun is ben
        bent was waren heb hebt heeft hebben had kan kun kunnen wil wilt willen moet moeten mag
        zal zullen gaan ga gaat doen doe doet niet geen nooit altijd niets iets alles veel meer
        heel goed goede beter slecht leuk leuke mooi ook nog al wel toch nu vandaag morgen
        gisteren avond nacht dag week tijd ja nee bedankt dank hallo hoi doei mensen vriend
        vrienden met zonder voor van uit bij naar over onder tussen op aan in om tot dan daar
        hier weer echt even spelen spel muziek vraag bericht zien kijken lekker
        """,
}
"""ISO 639-1 code → words."""

HINTS = (
    # what to look for in the lower-case text with its accents, language, weight
    (r"ción|ísimo|\b\w+[ai]endo\b|\b\w+ando\b|jaja", "es", 1.0),
    (r"sch|\b\w+(?:ung|keit|heit|lich|ieren)\b", "de", 1.0),
    (r"\b(?:[cdjlmnst]|qu)'[a-zéèêàâîôûœ]|eaux?\b", "fr", 0.7),
    (r"\w{3}(?:ez|aient|eux|euse|ais|ment|oir)\b", "fr", 0.7),
    (r"\w+(?:ing|ght|ould|tion|ness|ly)\b|\bth\w|'(?:s|re|ll|ve|m|d|t)\b|\b[ws]h\w", "en", 0.6),
    (r"lh[aoe]|nh[aoe]", "pt", 1.0),
    (r"\b(?:gli|dell'|nell'|all'|un')|\w{3}(?:zione|issimo|iamo)\b", "it", 1.0),
    (r"ij|\b\w+(?:heid|tje)\b|aa|uu", "nl", 0.6),
)
"""Endings and letter pairs. Each counts once for each occurrence, at most three times."""

LETTERS = (
    ("[ñ¿¡]", "es", 1.0),
    ("[ßäü]", "de", 1.0),
    ("[œùê]", "fr", 0.7),
    (r"[èàûîâ]|é[es]?\b|\bà\b", "fr", 0.5),
    ("[ãõ]|ção|ções", "pt", 1.0),
    ("[ìò]", "it", 1.0),
    ("[łżźśąęń]", "pl", 2.0),
    ("[ığş]", "tr", 2.0),
    ("å", "sv", 1.0),
    ("[őű]", "hu", 2.0),
    ("[ěřů]", "cs", 2.0),
    ("[ățș]", "ro", 1.5),
    ("[ơưđạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", "vi", 2.0),
)
"""The same, for texts that are not ASCII alone."""
